// truth: {"kind":["recursive_read_lock"],"waiting":["size","insert"],"holder":["values"]}
// The incident's set, by std::sync::RwLock.
use std::collections::HashSet;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

struct Set { inner: RwLock<HashSet<u64>> }
impl Set {
    #[inline(never)]
    fn size(&self) -> usize { self.inner.read().unwrap().len() }
    #[inline(never)]
    fn values(&self) -> Vec<u64> {
        let inner = self.inner.read().unwrap();
        thread::sleep(Duration::from_millis(150));
        let mut out = Vec::with_capacity(self.size());
        out.extend(inner.iter());
        out
    }
    #[inline(never)]
    fn insert(&self, v: u64) { self.inner.write().unwrap().insert(v); }
}
fn main() {
    let set = Arc::new(Set { inner: RwLock::new(HashSet::new()) });
    let mut threads = vec![];
    { let s = set.clone(); threads.push(thread::spawn(move || { s.values(); })); }
    thread::sleep(Duration::from_millis(50));
    for i in 0..9 { let s = set.clone(); threads.push(thread::spawn(move || s.insert(i))); }
    for t in threads { t.join().unwrap(); }
}
