//! Which question a request asks. Pure: from method and target to a question or an error.

use serde::Serialize;

use super::{
    parts::{Question, Single},
    query::{Query, decode},
    questions,
    refusal::Refusal,
    reply::Reply,
};
use crate::{
    error::Error,
    limits::Limits,
    report::{listed, services},
    service::Service,
};

/// The route of an unknown path, in the log.
const UNKNOWN: &str = "-";

/// What to do with a request.
pub(crate) enum Route {
    /// The answer needs no program.
    Ready(Reply),
    /// A worker has to ask.
    Ask(Question),
    /// A worker has to ask, for a monitor.
    Scrape,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// What to do at a path.
#[derive(Clone, Copy)]
enum Act {
    Plainly(fn(&Query<'_>, &Limits) -> Result<Route, Error>),
    /// For the service whose id stands in the place of `{id}`.
    ForService(fn(&'static Service, &Query<'_>, &Limits) -> Result<Route, Error>),
}

const HEALTH: &str = "/health";

const METRICS: &str = "/metrics";

/// Every path there is.
const ROUTES: [(&str, Act); 7] = [
    (HEALTH, Act::Plainly(|_, _| Ok(Route::Ready(Reply::ok(&Health { status: "ok" }))))),
    ("/services", Act::Plainly(|_, _| Ok(Route::Ready(Reply::ok(&services::list()))))),
    ("/overview", Act::Plainly(|_, _| Ok(Route::Ask(Question::Overview)))),
    (
        "/services/{id}/status",
        Act::ForService(|service, _, _| Ok(Route::Ask(Question::One(Single::Status(service))))),
    ),
    (
        "/services/{id}/logs",
        Act::ForService(|service, query, limits| {
            Ok(Route::Ask(Question::One(Single::Logs(questions::logs(service, query, limits)?))))
        }),
    ),
    (METRICS, Act::Plainly(|_, _| Ok(Route::Scrape))),
    (
        "/gpu/nvidia-smi",
        Act::Plainly(|query, _| Ok(Route::Ask(Question::One(Single::Gpu(questions::gpu(query)?))))),
    ),
];

/// A path that was found.
struct Found {
    /// As in [`ROUTES`].
    template: &'static str,
    act: Act,
    id: Option<String>,
}

/// Which paths there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paths {
    /// All paths exist behind it as well.
    pub prefix: Option<String>,
    /// Whether monitors are served.
    pub metrics: bool,
}

impl Paths {
    /// Finds the route of a known path (without what stands in its place-holder) and what to do. An unknown path
    /// or service id comes first, then the method, then parameters.
    pub(crate) fn find(
        &self,
        method: &str,
        target: &str,
        limits: &Limits,
    ) -> (&'static str, Result<Route, Refusal>) {
        let (path, query) = split(target);
        match self.find_path(path) {
            Some(found) => (found.template, found.choose(method, query, limits)),
            None => (UNKNOWN, Err(Refusal::NotFound)),
        }
    }

    /// The route of a target, for the log.
    pub(super) fn template(&self, target: &str) -> &'static str {
        self.find_path(split(target).0).map_or(UNKNOWN, |found| found.template)
    }

    /// Whether this target is `/health`, whatever the method.
    pub(super) fn is_health(&self, target: &str) -> bool {
        self.find_path(split(target).0).is_some_and(|found| found.template == HEALTH)
    }

    /// The route of a path, also behind the prefix; `None` for an unknown one.
    fn find_path(&self, path: &str) -> Option<Found> {
        // Decoded after the split, so that an escaped slash can never make a new segment.
        let segments: Vec<String> = path.strip_prefix('/')?.split('/').map(decode).collect::<Option<_>>()?;
        let prefix: Vec<&str> =
            self.prefix.as_deref().map(|prefix| prefix.split('/').skip(1).collect()).unwrap_or_default();
        let found = known(&segments).or_else(|| {
            let (before, after) = segments.split_at_checked(prefix.len())?;
            if prefix.is_empty() || before != prefix { None } else { known(after) }
        });
        found.filter(|found| found.template != METRICS || self.metrics)
    }
}

impl Found {
    fn choose(&self, method: &str, query: &str, limits: &Limits) -> Result<Route, Refusal> {
        let service = self.id.as_deref().map(listed).transpose()?;
        if !matches!(method, "GET" | "HEAD") {
            return Err(Refusal::MethodNotAllowed);
        }
        let query = Query::parse(query);
        Ok(match (self.act, service) {
            (Act::Plainly(act), _) => act(&query, limits)?,
            (Act::ForService(act), Some(service)) => act(service, &query, limits)?,
            (Act::ForService(_), None) => return Err(Refusal::NotFound),
        })
    }
}

/// Path and query.
fn split(target: &str) -> (&str, &str) {
    let target = without_authority(target);
    target.split_once('?').unwrap_or((target, ""))
}

/// An absolute-form target (RFC 9112, 3.2.2) is answered by its path, whatever its host.
fn without_authority(target: &str) -> &str {
    let rest = ["http://", "https://"].iter().find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &target[scheme.len()..])
    });
    match rest {
        Some(rest) => rest.find(['/', '?']).map_or("/", |end| &rest[end..]),
        None => target,
    }
}

fn known(segments: &[String]) -> Option<Found> {
    ROUTES.into_iter().find_map(|(template, act)| {
        let parts: Vec<&str> = template.split('/').skip(1).collect();
        let mut id = None;
        let is_same = |(part, segment): (&&str, &String)| match *part {
            "{id}" => {
                id = Some(segment.clone());
                true
            }
            part => part == segment,
        };
        let is_found = parts.len() == segments.len() && parts.iter().zip(segments).all(is_same);
        is_found.then_some(Found { template, act, id })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> Paths {
        Paths { prefix: Some("/status".to_owned()), metrics: false }
    }

    #[test]
    fn monitors_are_served_only_where_that_is_on() {
        let on = Paths { metrics: true, ..paths() };
        for target in ["/metrics", "/status/metrics", "/metrics?name[]=x"] {
            assert_eq!(on.find("GET", target, &Limits::default()).0, "/metrics", "{target}");
            assert_eq!(paths().find("GET", target, &Limits::default()).0, "-", "{target}");
        }
    }

    fn code(method: &str, target: &str) -> &'static str {
        match paths().find(method, target, &Limits::default()).1 {
            Ok(_) => "ok",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn paths_are_matched_after_one_decoding_and_in_no_other_form() {
        for target in [
            "/health",
            "/%68ealth",
            "/health?anything=1&anything=2",
            "/services",
            "/overview",
            "/services/k3s/status",
            "/services/%6b3s/logs",
            "/gpu/nvidia-smi",
            "/status/health",
            "/%73tatus/services/k3s/status",
            "http://anywhere:99/health",
            "HTTP://anywhere/services?x",
        ] {
            assert_eq!(code("GET", target), "ok", "{target}");
            assert_eq!(code("HEAD", target), "ok", "{target}");
            for method in ["POST", "get", "OPTIONS", "BREW"] {
                assert_eq!(code(method, target), "method_not_allowed", "{method} {target}");
            }
        }
        for target in [
            "/",
            "",
            "*",
            "//",
            "/health/",
            "//health",
            "/Health",
            "/metrics",
            "/status",
            "/status/",
            "/status/status/health",
            "/services/k3s",
            "/services/k3s/status/",
            "/gpu",
            "/services%2fk3s/status",
            "/health%",
            "/health%zz",
            "/services/%ff/status",
            "/%2568ealth",
            "health",
            "http://anywhere",
            "/health;x",
            "/%00",
        ] {
            assert_eq!(code("GET", target), "not_found", "{target}");
            assert_eq!(code("POST", target), "not_found", "{target}");
        }
    }

    #[test]
    fn an_unknown_service_comes_before_the_method_and_the_parameters() {
        for id in ["sshd", "k3s.service", "K3S", "k3s%00", "..%2f", "*", "", "k3s%20", "%2e%2e"] {
            assert_eq!(code("GET", &format!("/services/{id}/status")), "unknown_service", "{id}");
            assert_eq!(code("POST", &format!("/services/{id}/logs?lines=x")), "unknown_service", "{id}");
        }
    }

    #[test]
    fn a_known_path_has_its_route_whatever_is_wrong_with_the_rest() {
        let limits = Limits::default();
        for (method, target, expected) in [
            ("GET", "/health?x", "/health"),
            ("BREW", "/status/overview", "/overview"),
            ("GET", "http://x/services/k3s/logs?lines=x", "/services/{id}/logs"),
            ("GET", "/services/sshd/status", "/services/{id}/status"),
            ("GET", "/gpu/nvidia-smi?gpu=01", "/gpu/nvidia-smi"),
            ("GET", "/status/status/health", "-"),
            ("GET", "/services/%ff/status", "-"),
            ("GET", "nonsense", "-"),
        ] {
            assert_eq!(paths().find(method, target, &limits).0, expected, "{target}");
            assert_eq!(paths().template(target), expected, "{target}");
        }
    }
}
