// truth: {"kind":["deadlock_cycle"],"waiting":["debit","reserve","rebalance","ship"],"holder":["rebalance","ship"]}
// Two std mutexes in two orders.
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

struct Accounts { balances: Mutex<Vec<i64>> }
struct Stock { items: Mutex<Vec<u32>> }

impl Accounts {
    #[inline(never)]
    fn debit(&self, n: usize) -> i64 { let mut b = self.balances.lock().unwrap(); b[n] -= 1; b[n] }
}
impl Stock {
    #[inline(never)]
    fn reserve(&self, n: usize) -> u32 { let mut i = self.items.lock().unwrap(); i[n] -= 1; i[n] }
}
#[inline(never)]
fn ship(a: &Accounts, s: &Stock) -> i64 {
    let items = s.items.lock().unwrap();
    thread::sleep(Duration::from_millis(100));
    a.debit(items.len() - 1)
}
#[inline(never)]
fn rebalance(a: &Accounts, s: &Stock) -> u32 {
    let b = a.balances.lock().unwrap();
    thread::sleep(Duration::from_millis(100));
    s.reserve(b.len() - 1)
}
fn main() {
    let a = Arc::new(Accounts { balances: Mutex::new(vec![10; 4]) });
    let s = Arc::new(Stock { items: Mutex::new(vec![10; 4]) });
    let mut threads = vec![];
    { let (a, s) = (a.clone(), s.clone()); threads.push(thread::spawn(move || { ship(&a, &s); })); }
    { let (a, s) = (a.clone(), s.clone()); threads.push(thread::spawn(move || { rebalance(&a, &s); })); }
    thread::sleep(Duration::from_millis(200));
    for i in 0..4 { let a = a.clone(); threads.push(thread::spawn(move || { a.debit(i); })); }
    for t in threads { t.join().unwrap(); }
}
