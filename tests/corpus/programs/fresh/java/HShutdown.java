// truth: {"kind":["none"],"no_deadlock":true}
import java.io.*;
import java.net.*;
import java.util.concurrent.*;
public class HShutdown {
    public static void main(String[] a) throws Exception {
        ServerSocket s = new ServerSocket(0);
        ExecutorService e = Executors.newFixedThreadPool(8);
        for (int i = 0; i < 8; i++) { e.submit(() -> { try (Socket c = new Socket("127.0.0.1", s.getLocalPort())) { while (c.getInputStream().read() >= 0) { } } return 0; });
            Socket c = s.accept(); new Thread(() -> { try { for (;;) { c.getOutputStream().write(1); Thread.sleep(100); } } catch (Exception x) { } }, "peer-" + i).start(); }
        e.shutdown();
        e.awaitTermination(1, TimeUnit.HOURS);
    }
}
