// truth: {"kind":["pool_exhaustion","lost_signal"],"waiting":["checkout","query","wait"],"holder_unknown":true}
import java.util.ArrayDeque;

public class OldPool {
    private final ArrayDeque<Object> free = new ArrayDeque<>();
    OldPool(int n) { for (int i = 0; i < n; i++) free.add(new Object()); }
    synchronized Object checkout() throws InterruptedException { while (free.isEmpty()) wait(); return free.poll(); }
    synchronized void checkin(Object c) { free.add(c); notify(); }
    static class Dao {
        final OldPool pool;
        Dao(OldPool pool) { this.pool = pool; }
        int query(String sql) throws InterruptedException {
            Object c = pool.checkout();
            if (sql.isEmpty()) return 0;
            pool.checkin(c);
            return sql.length();
        }
    }
    public static void main(String[] args) {
        Dao dao = new Dao(new OldPool(3));
        for (int i = 0; i < 9; i++) { int n = i; new Thread(() -> { try { for (int k = 0; k < 5; k++) dao.query(k == n % 3 ? "" : "select"); } catch (InterruptedException e) { } }, "dao-" + i).start(); }
    }
}
