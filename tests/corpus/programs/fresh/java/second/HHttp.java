// truth: {"kind":["none"],"no_deadlock":true}
import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.net.http.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.LongAdder;

public class HHttp {
    private final ConcurrentHashMap<String, LongAdder> hits = new ConcurrentHashMap<>();
    private synchronized String stats() { return hits.toString(); }
    public static void main(String[] args) throws Exception {
        HHttp h = new HHttp();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 50);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/", x -> {
            h.hits.computeIfAbsent(x.getRequestURI().getPath(), k -> new LongAdder()).increment();
            byte[] b = h.stats().getBytes();
            x.sendResponseHeaders(200, b.length);
            x.getResponseBody().write(b);
            x.close();
        });
        server.start();
        int port = server.getAddress().getPort();
        for (int i = 0; i < 6; i++) {
            int n = i;
            new Thread(() -> {
                HttpClient client = HttpClient.newHttpClient();
                for (;;) try { client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + n)).build(), HttpResponse.BodyHandlers.ofString()); } catch (Exception e) { }
            }, "client-" + i).start();
        }
    }
}
