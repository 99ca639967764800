//! What the parameters of a request ask for.

use std::time::Duration;

use super::query::Query;
use crate::{
    error::Error,
    exec::{Detail, Gpu},
    limits::{Limits, Lines, Priority},
    parse::integer,
    report::{gpu, logs},
    service::Service,
};

/// The question about the log of a service.
pub(super) fn logs(
    service: &'static Service,
    query: &Query<'_>,
    limits: &Limits,
) -> Result<logs::Question, Error> {
    let lines = query.get("lines", "a whole number", integer)?;
    let most = limits.log_window();
    let minutes =
        query.get("since_minutes", &format!("a whole number of minutes from 0 to {most}"), |text| {
            u32::try_from(integer(text)?).ok().filter(|minutes| *minutes <= most)
        })?;
    Ok(logs::Question {
        service,
        lines: Lines::new(lines, limits),
        since: minutes
            .filter(|minutes| *minutes > 0)
            .map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
        priority: query.get("priority", Priority::ALLOWED, |text| text.parse().ok())?,
        entries: query.flag("entries")?,
    })
}

/// The question about GPUs.
pub(super) fn gpu(query: &Query<'_>) -> Result<gpu::Question, Error> {
    // First: where it and another parameter are both bad, it decides.
    let gpu = match query.text("gpu")? {
        None => Gpu::All,
        Some(text) => text.parse().map_err(|()| Error::BadGpu(text))?,
    };
    Ok(gpu::Question {
        gpu,
        detail: if query.flag("detail")? { Detail::Full } else { Detail::Summary },
        parsed: query.flag("parsed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service;

    fn code<T>(question: Result<T, Error>) -> &'static str {
        question.map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn parameters_are_read_strictly() {
        fn case(query: &str, expected: &str) {
            assert_eq!(
                code(logs(&service::all()[0], &Query::parse(query), &Limits::default())),
                expected,
                "{query}"
            );
        }
        for query in [
            "",
            "lines=5",
            "lines=-5",
            "lines=007",
            "lines=-0",
            "lines=99999999999999999999",
            "since_minutes=0",
            "since_minutes=1440",
            "since_minutes=-0",
            "entries=YES",
            "entries=0",
            "unknown=1&unknown=2",
            "&&",
            "%6cines=5",
            "lines=%35",
            "%zz=1",
            "lines=5&",
        ] {
            case(query, "ok");
        }
        for query in [
            "lines=",
            "lines",
            "lines=+5",
            "lines=%2B5",
            "lines=1.0",
            "lines=1_0",
            "lines=5%20",
            "lines=5+",
            "lines=x",
            "lines=1&lines=1",
            "lines=1&%6cines=1",
            "lines=%zz",
            "lines=%ff",
            "since_minutes=1441",
            "since_minutes=-1",
            "since_minutes=",
            "entries=2",
            "entries=",
            "entries=true&entries=true",
            "lines=99999999999999999999x",
        ] {
            case(query, "bad_parameter");
        }
    }

    #[test]
    fn a_gpu_is_all_or_an_index_and_decides_before_the_others() {
        fn case(query: &str, expected: &str) {
            assert_eq!(code(gpu(&Query::parse(query))), expected, "{query}");
        }
        for query in
            ["", "gpu=all", "gpu=0", "gpu=9999", "detail=true&gpu=3", "detail=on&parsed=off", "gpu=%30"]
        {
            case(query, "ok");
        }
        for gpu in
            ["", "ALL", "-1", "%2B1", "01", "1,2", "0x1", "GPU-1", "18446744073709551616", "10000", "%zz"]
        {
            case(&format!("gpu={gpu}"), "bad_gpu");
            case(&format!("detail=perhaps&gpu={gpu}"), "bad_gpu");
        }
        case("gpu=0&gpu=0", "bad_parameter");
        case("detail=perhaps", "bad_parameter");
        case("parsed=", "bad_parameter");
    }
}
