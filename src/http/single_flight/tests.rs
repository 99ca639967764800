use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use super::*;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question(u32, bool);

impl Key for Question {
    fn queue(&self) -> Queue {
        if self.1 { Queue::NvidiaSmi } else { Queue::Systemd }
    }
}

type Tested = Arc<SingleFlight<Question, u32>>;

/// A flight whose runs wait for a word each and then answer with their question.
fn flight(
    max_age: Duration,
) -> (Tested, mpsc::Sender<()>, Arc<AtomicUsize>, Vec<std::thread::JoinHandle<()>>) {
    let flight: Tested = Arc::new(SingleFlight::new(max_age));
    let (word, words) = mpsc::channel::<()>();
    let words = Arc::new(Mutex::new(words));
    let runs = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    for queue in Queue::ALL {
        for _ in 0..queue.workers() {
            let (flight, words, runs) = (Arc::clone(&flight), Arc::clone(&words), Arc::clone(&runs));
            threads.push(std::thread::spawn(move || {
                flight.work(queue, |question| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    let _ = words.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    assert_ne!(question.0, 13, "an unlucky question");
                    Ok(question.0)
                });
            }));
        }
    }
    let clock = Arc::clone(&flight);
    threads.push(std::thread::spawn(move || clock.watch_the_clock()));
    (flight, word, runs, threads)
}

fn ask(flight: &Tested, question: &Question, seconds: u64) -> mpsc::Receiver<Result<Shared<u32>, Error>> {
    let (sender, answers) = mpsc::channel();
    flight.ask(question, Deadline::after(Duration::from_secs(seconds)), move |answer| {
        let _ = sender.send(answer);
    });
    answers
}

fn end(flight: &Tested, word: mpsc::Sender<()>, threads: Vec<std::thread::JoinHandle<()>>) {
    drop(word);
    flight.stop();
    for thread in threads {
        assert!(thread.join().is_ok());
    }
}

#[test]
fn identical_questions_share_one_run_and_its_answer_is_cached() {
    let (flight, word, runs, threads) = flight(Duration::from_secs(1000));
    let waiting: Vec<_> = (0..20).map(|_| ask(&flight, &Question(7, true), 100)).collect();
    assert!(word.send(()).is_ok());
    let all: Vec<_> = waiting.iter().map(mpsc::Receiver::recv).collect();
    assert!(all.iter().all(|answer| matches!(answer, Ok(Ok(answer)) if answer.answer == 7)));
    let shared = all.iter().filter(|answer| matches!(answer, Ok(Ok(answer)) if answer.reused)).count();
    assert_eq!(shared, 19);
    assert!(matches!(ask(&flight, &Question(7, true), 100).recv(), Ok(Ok(answer)) if answer.reused));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    end(&flight, word, threads);
}

#[test]
fn a_max_age_of_zero_disables_caching() {
    let (flight, word, runs, threads) = flight(Duration::ZERO);
    for _ in 0..3 {
        assert!(word.send(()).is_ok());
        assert!(matches!(ask(&flight, &Question(7, true), 100).recv(), Ok(Ok(answer)) if !answer.reused));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    end(&flight, word, threads);
}

#[test]
fn an_expired_waiter_gets_busy_and_its_question_is_never_run() {
    let (flight, word, runs, threads) = flight(Duration::ZERO);
    let first = ask(&flight, &Question(1, true), 100);
    let second = ask(&flight, &Question(2, true), 0);
    assert!(matches!(second.recv(), Ok(Err(Error::Busy))));
    assert!(word.send(()).is_ok());
    assert!(matches!(first.recv(), Ok(Ok(_))));
    // The other queue was free all the time.
    let other = ask(&flight, &Question(3, false), 100);
    assert!(word.send(()).is_ok());
    assert!(matches!(other.recv(), Ok(Ok(_))));
    end(&flight, word, threads);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn a_panic_is_an_error_for_all_waiters_and_the_worker_continues() {
    let (flight, word, _, threads) = flight(Duration::from_secs(1000));
    let unlucky = ask(&flight, &Question(13, true), 100);
    assert!(word.send(()).is_ok());
    assert!(matches!(unlucky.recv(), Ok(Err(Error::Internal))));
    let next = ask(&flight, &Question(1, true), 100);
    assert!(word.send(()).is_ok());
    assert!(matches!(next.recv(), Ok(Ok(_))));
    end(&flight, word, threads);
}
