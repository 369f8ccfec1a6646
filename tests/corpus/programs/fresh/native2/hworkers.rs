// truth: {"kind":["none"]}
// Idle: workers on a shared receiver, a condition that waits for its next tick, main in join.
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

fn work(jobs: Arc<Mutex<Receiver<u64>>>) {
    loop {
        let job = { let jobs = jobs.lock().unwrap(); jobs.recv() };
        match job { Ok(n) => thread::sleep(Duration::from_millis(n)), Err(_) => return }
    }
}
fn main() {
    let (send, receive) = channel();
    let receive = Arc::new(Mutex::new(receive));
    let mut threads = vec![];
    for _ in 0..4 { let r = receive.clone(); threads.push(thread::spawn(move || work(r))); }
    let tick = Arc::new((Mutex::new(0u64), Condvar::new()));
    { let t = tick.clone(); threads.push(thread::spawn(move || { let mut g = t.0.lock().unwrap(); loop { g = t.1.wait_timeout(g, Duration::from_secs(20)).unwrap().0; *g += 1; } })); }
    for i in 0..8 { send.send(i).unwrap(); }
    for t in threads { t.join().unwrap(); }
}
