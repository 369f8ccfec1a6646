// truth: {"kind":["lost_signal","channel_deadlock"],"waiting":["exchange","fill"],"unsure":true}
import java.util.*;
import java.util.concurrent.Exchanger;

public class Swap {
    private final Exchanger<List<Integer>> exchanger = new Exchanger<>();
    void fill() { List<Integer> b = new ArrayList<>(); try { for (int i = 0;; i++) { b.add(i); if (b.size() == 10) { b = exchanger.exchange(b); b.clear(); } } } catch (InterruptedException e) { } }
    void drain() { List<Integer> b = new ArrayList<>(); try { for (int round = 0; round < 3; round++) b = exchanger.exchange(b); } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        Swap s = new Swap();
        new Thread(s::fill, "filler").start();
        new Thread(s::drain, "drainer").start();
    }
}
