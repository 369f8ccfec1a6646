// truth: {"kind":["stalled_holder"],"waiting":["token","authorise"],"holder":["refresh","token","backOff"]}
import java.util.concurrent.locks.ReentrantLock;

public class TokenCache {
    private final ReentrantLock lock = new ReentrantLock();
    private String token;
    String token() throws InterruptedException {
        lock.lock();
        try { if (token == null) refresh(); return token; } finally { lock.unlock(); }
    }
    private void refresh() throws InterruptedException { for (int attempt = 0; attempt < 10; attempt++) backOff(attempt); token = "t"; }
    private void backOff(int attempt) throws InterruptedException { Thread.sleep(30000L << attempt); }
    public static void main(String[] args) {
        TokenCache c = new TokenCache();
        for (int i = 0; i < 9; i++) new Thread(() -> { try { c.token(); } catch (InterruptedException e) { } }, "request-" + i).start();
    }
}
