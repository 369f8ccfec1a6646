// truth: {"kind":["none"],"no_deadlock":true}
import java.util.concurrent.*;

public class HRounds {
    private final CyclicBarrier round = new CyclicBarrier(5, () -> rounds++);
    static volatile int rounds;
    void work(int id) { try { for (;;) { long n = 0; for (int i = 0; i < 20000000 * (id == 4 ? 8 : 1); i++) n += i ^ id; rounds += n == 7 ? 1 : 0; round.await(); } } catch (Exception e) { } }
    public static void main(String[] args) { HRounds h = new HRounds(); for (int i = 0; i < 5; i++) { int n = i; new Thread(() -> h.work(n), "simulate-" + i).start(); } }
}
