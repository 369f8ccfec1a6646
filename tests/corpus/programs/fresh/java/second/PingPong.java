// truth: {"kind":["channel_deadlock","deadlock_cycle","lost_signal"],"waiting":["put","forward","reply"]}
import java.util.concurrent.*;

public class PingPong {
    private final BlockingQueue<Integer> requests = new LinkedBlockingQueue<>(8), replies = new LinkedBlockingQueue<>(8);
    void forward() { try { for (int i = 0;; i++) { for (int k = 0; k < 20; k++) requests.put(i); for (int k = 0; k < 20; k++) replies.take(); } } catch (InterruptedException e) { } }
    void reply() { try { for (;;) { int r = requests.take(); replies.put(r); replies.put(-r); } } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        PingPong p = new PingPong();
        new Thread(p::forward, "gateway").start();
        new Thread(p::reply, "backend").start();
    }
}
