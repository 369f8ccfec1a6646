// truth: {"kind":["pool_exhaustion","lost_signal"],"waiting":["borrow","audit","save","getConnection"],"holder_unknown":true}
import java.util.concurrent.*;

public class Repository {
    static class Connection { void execute(String sql) { } }
    static class DataSource {
        private final BlockingQueue<Connection> idle = new LinkedBlockingQueue<>();
        DataSource(int size) { for (int i = 0; i < size; i++) idle.add(new Connection()); }
        Connection getConnection() throws Exception { Connection c = idle.poll(30, TimeUnit.SECONDS); if (c == null) throw new TimeoutException("Connection is not available, request timed out after 30000ms."); return c; }
        void release(Connection c) { idle.add(c); }
    }
    private final DataSource ds = new DataSource(5);
    private final CountDownLatch busy = new CountDownLatch(5);
    void save(String order) throws Exception {
        Connection c = ds.getConnection();
        try { c.execute("insert " + order); busy.countDown(); busy.await(); audit(order); } finally { ds.release(c); }
    }
    void audit(String order) throws Exception {
        Connection c = ds.getConnection();
        try { c.execute("insert audit " + order); } finally { ds.release(c); }
    }
    public static void main(String[] args) {
        Repository r = new Repository();
        ExecutorService web = Executors.newFixedThreadPool(10);
        for (int i = 0; i < 10; i++) { String o = "o" + i; web.submit(() -> { r.save(o); return null; }); }
    }
}
