// truth: {"kind":["channel_deadlock","lost_signal","leak"],"waiting":["put","accept","publish"]}
import java.util.concurrent.*;

public class Ingest {
    private final BlockingQueue<String> queue = new ArrayBlockingQueue<>(16);
    void accept(String event) throws InterruptedException { queue.put(event); }
    void drain() { try { for (;;) { String e = queue.take(); if (e.endsWith("7")) throw new NumberFormatException(e); } } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        Ingest in = new Ingest();
        new Thread(in::drain, "drain").start();
        for (int i = 0; i < 20; i++) { int n = i; new Thread(() -> { try { for (int k = 0;; k++) in.accept("e" + k + n); } catch (InterruptedException e) { } }, "kafka-consumer-" + i).start(); }
    }
}
