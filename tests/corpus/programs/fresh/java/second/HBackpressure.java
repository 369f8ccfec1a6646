// truth: {"kind":["none"],"no_deadlock":true}
import java.util.concurrent.*;

public class HBackpressure {
    private final BlockingQueue<byte[]> work = new ArrayBlockingQueue<>(8);
    static volatile long sink;
    void compress() { try { for (;;) { byte[] b = work.take(); long s = 0; for (int r = 0; r < 3000; r++) for (byte x : b) s = s * 31 + x; sink = s; } } catch (InterruptedException e) { } }
    void read() { try { for (;;) work.put(new byte[4096]); } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        HBackpressure h = new HBackpressure();
        for (int i = 0; i < 2; i++) new Thread(h::compress, "compress-" + i).start();
        for (int i = 0; i < 6; i++) new Thread(h::read, "read-" + i).start();
    }
}
