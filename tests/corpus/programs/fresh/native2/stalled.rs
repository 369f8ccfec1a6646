// truth: {"kind":["stalled_holder"],"waiting":["query","ping"],"holder":["query","roundtrip"]}
// A client that reads its answer under its mutex.
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

struct Client { stream: Mutex<UnixStream> }
#[inline(never)]
fn roundtrip(stream: &mut UnixStream, text: &[u8]) -> usize {
    stream.write_all(text).unwrap();
    let mut answer = [0u8; 64];
    stream.read(&mut answer).unwrap()
}
impl Client {
    #[inline(never)]
    fn query(&self, text: &str) -> usize { let mut s = self.stream.lock().unwrap(); roundtrip(&mut s, text.as_bytes()) }
    #[inline(never)]
    fn ping(&self) -> bool { let s = self.stream.lock().unwrap(); s.peer_addr().is_ok() }
}
fn main() {
    let (mine, _theirs) = UnixStream::pair().unwrap();
    let client = Arc::new(Client { stream: Mutex::new(mine) });
    let mut threads = vec![];
    for i in 0..6 { let c = client.clone(); threads.push(thread::spawn(move || { c.query(&format!("q{}", i)); })); }
    { let c = client.clone(); threads.push(thread::spawn(move || { c.ping(); })); }
    for t in threads { t.join().unwrap(); }
}
