// truth: {"kind":["pool_exhaustion"],"waiting":["get","total","ask","handle"]}
import java.util.concurrent.*;

public class Actor {
    private final ExecutorService mailbox = Executors.newSingleThreadExecutor(r -> new Thread(r, "actor-orders"));
    private int count;
    int total() throws Exception { return mailbox.submit(() -> count).get(); }
    void handle(int n) { mailbox.execute(() -> { try { count += n; if (count > 3) System.out.println(total()); } catch (Exception e) { e.printStackTrace(); } }); }
    public static void main(String[] args) throws Exception {
        Actor a = new Actor();
        for (int i = 0; i < 5; i++) a.handle(i);
        for (int i = 0; i < 4; i++) new Thread(() -> { try { System.out.println(a.total()); } catch (Exception e) { } }, "status-" + i).start();
    }
}
