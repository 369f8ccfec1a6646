// truth: {"kind":["stalled_holder"],"waiting":["send","status"],"holder":["send","deliver"]}
import java.io.*;
import java.net.*;

public class SlowMailer {
    private final String host; private final int port; private int sent;
    SlowMailer(String h, int p) { host = h; port = p; }
    synchronized void send(String to) throws IOException { deliver(to); sent++; }
    private void deliver(String to) throws IOException {
        try (Socket s = new Socket(host, port); BufferedReader r = new BufferedReader(new InputStreamReader(s.getInputStream()))) {
            String hello = r.readLine();
            if (hello == null) throw new EOFException();
        }
    }
    synchronized int status() { return sent; }
    public static void main(String[] a) throws Exception {
        ServerSocket s = new ServerSocket(0);
        SlowMailer m = new SlowMailer("127.0.0.1", s.getLocalPort());
        for (int i = 0; i < 15; i++) new Thread(() -> { try { m.send("x"); } catch (IOException e) { } }, "mail-" + i).start();
        for (int i = 0; i < 5; i++) new Thread(() -> m.status(), "probe-" + i).start();
    }
}
