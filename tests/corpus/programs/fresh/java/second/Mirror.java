// truth: {"kind":["stalled_holder"],"waiting":["record","lag","write","store"],"holder":["write","append","store"]}
import java.io.*;
import java.net.*;
import java.util.concurrent.locks.ReentrantLock;

public class Mirror {
    private final Object log = new Object();
    private final ReentrantLock index = new ReentrantLock();
    private final OutputStream replica;
    Mirror(OutputStream replica) { this.replica = replica; }
    void store(byte[] b) throws IOException { index.lock(); try { append(b); } finally { index.unlock(); } }
    private void append(byte[] b) throws IOException { synchronized (log) { replica.write(b); } }
    void record(String s) { synchronized (log) { s.length(); } }
    int lag() { index.lock(); try { return 1; } finally { index.unlock(); } }
    public static void main(String[] args) throws Exception {
        ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Socket s = new Socket("127.0.0.1", server.getLocalPort());
        Socket peer = server.accept();
        Mirror m = new Mirror(s.getOutputStream());
        new Thread(() -> { try { for (;;) m.store(new byte[1 << 20]); } catch (IOException e) { } }, "replicate").start();
        Thread.sleep(500);
        for (int i = 0; i < 3; i++) { new Thread(() -> m.record("x"), "audit-" + i).start(); new Thread(m::lag, "metrics-" + i).start(); }
        peer.getPort();
        Thread.sleep(1000000);
        peer.close();
    }
}
