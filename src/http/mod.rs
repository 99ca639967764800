//! The same answers over HTTP: tiny_http reads and writes it, fixed workers ask.

mod listen;
mod query;
mod reply;
mod route;
mod target;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tiny_http::{Request, Server};

pub use self::listen::{Bound, bind};
use self::{
    reply::Reply,
    route::{Question, Route},
};
use crate::{
    error::Error,
    exec::{Deadline, Executor, Interrupt},
    limits::Limits,
    report::{gpu, health::HealthRule, logs, overview, status},
};

/// Threads that take requests and answer what needs no program.
const TAKERS: usize = 2;

/// Threads that wait for programs. `/health` and `/services` never wait for one of these.
const WORKERS: usize = 8;

/// What answers are made from.
#[derive(Debug)]
pub struct Answers {
    /// Asks the programs.
    pub exec: Arc<Executor>,
    /// Within these limits.
    pub limits: Limits,
    /// Healthy by this rule.
    pub rule: HealthRule,
    /// A second place where all paths stand.
    pub path_prefix: Option<String>,
}

impl Answers {
    fn answer(&self, question: &Question) -> Reply {
        let deadline = Deadline::after(self.limits.timeout);
        let answer =
            match *question {
                Question::Overview => overview::collect(&self.exec, &self.limits, deadline, &self.rule)
                    .map(|answer| Reply::ok(&answer)),
                Question::Status(service) => status::collect(&self.exec, deadline, &self.rule, service)
                    .map(|answer| Reply::ok(&answer)),
                Question::Logs(question) => logs::collect(&self.exec, &self.limits, deadline, question)
                    .map(|answer| Reply::ok(&answer)),
                Question::Gpu(question) => gpu::collect(&self.exec, &self.limits, deadline, question)
                    .map(|answer| Reply::ok(&answer)),
            };
        answer.unwrap_or_else(|error| {
            log::warn!("{}", error.sentence());
            Reply::error(&error)
        })
    }
}

/// Serves until a signal comes, then answers what is in flight: for at most `timeout` and two
/// seconds more.
///
/// # Errors
/// When no thread can be started, or connections cannot be accepted any more.
pub fn serve(bound: Bound, answers: Answers, interrupt: &Interrupt, timeout: Duration) -> io::Result<()> {
    let (listener, _socket_file) = bound.split();
    let server = Server::from_listener(listener, None).map_err(io::Error::other)?;
    let shared = Arc::new(Shared {
        server,
        answers,
        stopping: AtomicBool::new(false),
        broken: eventfd(0, EventfdFlags::CLOEXEC)?,
    });
    // Each thread holds a clone; when the last is gone, so are they all.
    let (alive, all_gone) = mpsc::channel::<()>();
    let (questions, asked) = mpsc::channel::<(Request, Question)>();
    let asked = Arc::new(Mutex::new(asked));
    for number in 0..WORKERS {
        let (shared, asked, alive) = (Arc::clone(&shared), Arc::clone(&asked), alive.clone());
        thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
            work(&shared, &asked);
            drop(alive);
        })?;
    }
    for number in 0..TAKERS {
        let (shared, questions, alive) = (Arc::clone(&shared), questions.clone(), alive.clone());
        thread::Builder::new().name(format!("taker-{number}")).spawn(move || {
            take(&shared, &questions);
            drop(alive);
        })?;
    }
    drop((alive, questions));

    let is_broken = wait(&shared, interrupt);
    shared.stopping.store(true, Ordering::SeqCst);
    for _ in 0..TAKERS {
        shared.server.unblock();
    }
    let until = Instant::now() + timeout + Duration::from_secs(2);
    let _ = all_gone.recv_timeout(until.saturating_duration_since(Instant::now()));
    if is_broken {
        return Err(io::Error::other("connections cannot be accepted any more"));
    }
    Ok(())
}

struct Shared {
    server: Server,
    answers: Answers,
    stopping: AtomicBool,
    broken: rustix::fd::OwnedFd,
}

/// Waits for a signal, or for the end of accepting; says whether it was the latter.
fn wait(shared: &Shared, interrupt: &Interrupt) -> bool {
    loop {
        let mut fds = [PollFd::new(interrupt, PollFlags::IN), PollFd::new(&shared.broken, PollFlags::IN)];
        let _ = poll(&mut fds, None);
        if interrupt.signal().is_some() {
            return false;
        }
        if !fds[1].revents().is_empty() {
            return true;
        }
    }
}

/// Takes requests until told to stop; what has arrived by then is still taken.
fn take(shared: &Shared, questions: &mpsc::Sender<(Request, Question)>) {
    loop {
        let request = if shared.stopping.load(Ordering::SeqCst) {
            match shared.server.try_recv() {
                Ok(Some(request)) => request,
                _ => return,
            }
        } else {
            match shared.server.recv() {
                Ok(request) => request,
                Err(_) if shared.stopping.load(Ordering::SeqCst) => continue,
                Err(error) => {
                    log::error!("no connection can be accepted any more: {error}");
                    let _ = rustix::io::write(&shared.broken, &1u64.to_ne_bytes());
                    return;
                }
            }
        };
        match route(shared, &request) {
            Ok(Route::Ready(reply)) => reply.send(request),
            Ok(Route::Ask(question)) => {
                // The workers outlive this sender.
                let _ = questions.send((request, question));
            }
            Err(error) => Reply::error(&error).send(request),
        }
    }
}

fn route(shared: &Shared, request: &Request) -> Result<Route, Error> {
    target::check(request)?;
    let answers = &shared.answers;
    route::find(request.method().as_str(), request.url(), &answers.limits, answers.path_prefix.as_deref())
}

fn work(shared: &Shared, asked: &Mutex<mpsc::Receiver<(Request, Question)>>) {
    loop {
        let next = asked.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((request, question)) = next else { return };
        // One bad request must not end the process, nor this thread.
        let reply = catch_unwind(AssertUnwindSafe(|| shared.answers.answer(&question)))
            .unwrap_or_else(|_| Reply::error(&Error::Internal));
        reply.send(request);
    }
}
