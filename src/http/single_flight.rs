//! Shares runs (single-flight): identical questions share one run, and each kind of program runs at most as
//! often in parallel as its queue has workers.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    error::Error,
    system::{Deadline, lock},
};

/// The group of workers that a question waits for. It limits how many programs run in parallel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queue {
    /// nvidia-smi: one at a time, since each talks to every GPU through the same driver.
    NvidiaSmi,
    /// systemctl and journalctl.
    Systemd,
}

impl Queue {
    /// Both of them.
    pub(crate) const ALL: [Self; 2] = [Self::NvidiaSmi, Self::Systemd];

    /// How many of its questions run in parallel.
    pub(crate) fn workers(self) -> usize {
        match self {
            Self::NvidiaSmi => 1,
            Self::Systemd => 4,
        }
    }
}

#[derive(Default)]
struct PerQueue<T> {
    nvidia_smi: T,
    systemd: T,
}

impl<T> PerQueue<T> {
    fn of(&self, queue: Queue) -> &T {
        match queue {
            Queue::NvidiaSmi => &self.nvidia_smi,
            Queue::Systemd => &self.systemd,
        }
    }

    fn of_mut(&mut self, queue: Queue) -> &mut T {
        match queue {
            Queue::NvidiaSmi => &mut self.nvidia_smi,
            Queue::Systemd => &mut self.systemd,
        }
    }
}

/// What can be asked, and in which queue.
pub(super) trait Key: Clone + Eq + Hash {
    fn queue(&self) -> Queue;
}

/// An answer with its age and origin.
#[derive(Debug, Clone)]
pub(super) struct Shared<V> {
    pub answer: V,
    pub age: Duration,
    /// It comes from a run that another request started.
    pub reused: bool,
}

type Take<V> = Box<dyn FnOnce(Result<Shared<V>, Error>) + Send>;

/// Running questions, and cached answers.
pub(super) struct SingleFlight<K, V> {
    max_age: Duration,
    state: Mutex<State<K, V>>,
    work: PerQueue<Condvar>,
    clock: Condvar,
}

struct State<K, V> {
    queues: PerQueue<VecDeque<K>>,
    runs: HashMap<K, Run<V>>,
    finished: VecDeque<(K, V, Instant)>,
    stopping: bool,
}

struct Run<V> {
    begun: bool,
    waiters: Vec<Waiter<V>>,
}

struct Waiter<V> {
    deadline: Deadline,
    shared: bool,
    take: Take<V>,
}

/// The most answers in the cache: clients determine their number.
const KEPT: usize = 16;

/// A run ends at its own deadline; a waiter gives up this much later.
pub(super) const SLACK: Duration = Duration::from_millis(300);

impl<K: Key, V: Clone> SingleFlight<K, V> {
    /// Answers are cached for that long; zero disables caching.
    pub(super) fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            state: Mutex::new(State {
                queues: PerQueue::default(),
                runs: HashMap::new(),
                finished: VecDeque::new(),
                stopping: false,
            }),
            work: PerQueue::default(),
            clock: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        lock(&self.state)
    }

    /// Asks. `take` gets the answer: at once if it is cached, otherwise from a worker, or [`Error::Busy`] at the
    /// deadline.
    pub(super) fn ask(
        &self,
        question: &K,
        deadline: Deadline,
        take: impl FnOnce(Result<Shared<V>, Error>) + Send + 'static,
    ) {
        let mut state = self.state();
        if let Some(cached) = self.fresh(&mut state, question) {
            drop(state);
            return take(Ok(cached));
        }
        let waiter = |shared| Waiter { deadline, shared, take: Box::new(take) };
        if let Some(run) = state.runs.get_mut(question) {
            run.waiters.push(waiter(true));
        } else {
            let run = Run { begun: false, waiters: vec![waiter(false)] };
            let is_first = state.runs.is_empty();
            state.runs.insert(question.clone(), run);
            let queue = question.queue();
            state.queues.of_mut(queue).push_back(question.clone());
            self.work.of(queue).notify_one();
            if is_first {
                self.clock.notify_one();
            }
        }
    }

    fn fresh(&self, state: &mut State<K, V>, question: &K) -> Option<Shared<V>> {
        while state.finished.front().is_some_and(|(_, _, at)| at.elapsed() >= self.max_age) {
            state.finished.pop_front();
        }
        let (_, answer, at) = state.finished.iter().rev().find(|(key, _, _)| key == question)?;
        Some(Shared { answer: answer.clone(), age: at.elapsed(), reused: true })
    }

    /// Works in a queue until told to stop and the queue is empty.
    pub(super) fn work(&self, queue: Queue, run: impl Fn(&K) -> Result<V, Error>) {
        while let Some(question) = self.next(queue) {
            // A panic in one question must not end the worker.
            let answer = catch_unwind(AssertUnwindSafe(|| run(&question))).unwrap_or(Err(Error::Internal));
            for waiter in self.land(&question, &answer) {
                let Waiter { shared, take, .. } = waiter;
                let answer =
                    answer.clone().map(|answer| Shared { answer, age: Duration::ZERO, reused: shared });
                let _ = catch_unwind(AssertUnwindSafe(|| take(answer)));
            }
        }
    }

    fn next(&self, queue: Queue) -> Option<K> {
        let mut state = self.state();
        loop {
            match state.queues.of_mut(queue).pop_front() {
                Some(question) => {
                    // Without waiters left, its run was removed.
                    if let Some(run) = state.runs.get_mut(&question) {
                        run.begun = true;
                        return Some(question);
                    }
                }
                None if state.stopping => return None,
                None => {
                    state = self.work.of(queue).wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn land(&self, question: &K, answer: &Result<V, Error>) -> Vec<Waiter<V>> {
        let mut state = self.state();
        if let Ok(answer) = answer
            && !self.max_age.is_zero()
        {
            state.finished.push_back((question.clone(), answer.clone(), Instant::now()));
            if state.finished.len() > KEPT {
                state.finished.pop_front();
            }
        }
        state.runs.remove(question).map(|run| run.waiters).unwrap_or_default()
    }

    /// Sends [`Error::Busy`] to waiters past their deadline, until told to stop.
    pub(super) fn watch_the_clock(&self) {
        let mut state = self.state();
        while !state.stopping || !state.runs.is_empty() {
            let late = take_late(&mut state.runs);
            if !late.is_empty() {
                drop(state);
                for take in late {
                    let _ = catch_unwind(AssertUnwindSafe(|| take(Err(Error::Busy))));
                }
                state = self.state();
                continue;
            }
            let next = state.runs.values().flat_map(Run::left).min();
            state = match next {
                None => self.clock.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let left = left.max(Duration::from_millis(1));
                    self.clock.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Ends the workers once all questions are answered.
    pub(super) fn stop(&self) {
        self.state().stopping = true;
        for queue in Queue::ALL {
            self.work.of(queue).notify_all();
        }
        self.clock.notify_all();
    }
}

impl<V> Run<V> {
    fn slack(&self) -> Duration {
        if self.begun { SLACK } else { Duration::ZERO }
    }

    fn left(&self) -> impl Iterator<Item = Duration> {
        self.waiters.iter().map(|waiter| waiter.deadline.left_with(self.slack()))
    }
}

/// Takes out waiters past their deadline, and removes questions that have not begun and have no waiters left.
fn take_late<K: Key, V>(runs: &mut HashMap<K, Run<V>>) -> Vec<Take<V>> {
    let mut late = Vec::new();
    runs.retain(|_, run| {
        let slack = run.slack();
        let is_late = |waiter: &mut Waiter<V>| waiter.deadline.left_with(slack).is_zero();
        late.extend(run.waiters.extract_if(.., is_late).map(|waiter| waiter.take));
        run.begun || !run.waiters.is_empty()
    });
    late
}

#[cfg(test)]
mod tests;
