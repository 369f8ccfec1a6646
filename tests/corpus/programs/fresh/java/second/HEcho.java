// truth: {"kind":["none"],"no_deadlock":true}
import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.*;
import java.util.concurrent.*;

public class HEcho {
    private final Object sendLock = new Object();
    void serve(Socket s) { try { InputStream in = s.getInputStream(); for (int c; (c = in.read()) >= 0;) synchronized (sendLock) { s.getOutputStream().write(c); } } catch (IOException e) { } }
    public static void main(String[] args) throws Exception {
        HEcho h = new HEcho();
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ExecutorService pool = Executors.newCachedThreadPool();
        new Thread(() -> { try { for (;;) { Socket s = server.accept(); pool.execute(() -> h.serve(s)); } } catch (IOException e) { } }, "acceptor").start();
        for (int i = 0; i < 12; i++) {
            int n = i;
            new Thread(() -> { try { Socket s = new Socket("127.0.0.1", server.getLocalPort()); for (;;) { s.getOutputStream().write(n); s.getInputStream().read(); if (n > 3) Thread.sleep(500); } } catch (Exception e) { } }, "peer-" + i).start();
        }
        Selector selector = Selector.open();
        ServerSocketChannel ch = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
        ch.configureBlocking(false);
        ch.register(selector, SelectionKey.OP_ACCEPT);
        for (;;) { selector.select(); ByteBuffer.allocate(16); }
    }
}
