//! Families of samples, as text in Prometheus' format 0.0.4.

use prometheus::{
    TextEncoder,
    proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType},
};

/// Names and values of labels, in the order in which they are printed.
pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// Families in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Families(Vec<MetricFamily>);

impl Families {
    /// Adds a family of values that go up and down; none without a sample.
    pub(super) fn gauge<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) {
        self.add(name, help, MetricType::GAUGE, &mut samples.into_iter());
    }

    /// Adds a family of counts; none without a sample.
    pub(super) fn counter<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) {
        self.add(name, help, MetricType::COUNTER, &mut samples.into_iter());
    }

    /// Adds a gauge without labels, if there is a value.
    pub(super) fn one(&mut self, name: &str, help: &str, value: Option<f64>) {
        self.gauge(name, help, value.map(|value| (Labels::new(), value)));
    }

    // Compiled once, and not for each kind of iterator.
    fn add(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        samples: &mut dyn Iterator<Item = (Labels<'_>, f64)>,
    ) {
        let sample = |(labels, value)| {
            let mut metric = Metric::from_label(pairs(labels));
            if kind == MetricType::COUNTER {
                let mut counter = Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            } else {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }
            metric
        };
        let metrics: Vec<Metric> = samples.map(sample).collect();
        if metrics.is_empty() {
            return;
        }
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        self.0.push(family);
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        // This fails only for a family without a name or a sample, and no such family is added. No reader takes an
        // empty text for an answer.
        TextEncoder::new().encode_to_string(&self.0).unwrap_or_default()
    }
}

fn pairs(labels: Labels<'_>) -> Vec<LabelPair> {
    let pair = |(name, value): (&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    labels.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_its_type_and_its_samples() {
        let mut families = Families::default();
        families.gauge("a_b", "What it is.", [(vec![("name", "x\"\\\n")], 1.5), (vec![], 2.0)]);
        families.counter("c_total", "How often.", [(vec![], 3.0)]);
        families.gauge("nothing", "Left out.", []);
        families.one("none", "Left out.", None);
        assert_eq!(
            families.text(),
            "# HELP a_b What it is.\n# TYPE a_b gauge\na_b{name=\"x\\\"\\\\\\n\"} 1.5\na_b 2\n\
             # HELP c_total How often.\n# TYPE c_total counter\nc_total 3\n"
        );
    }
}
