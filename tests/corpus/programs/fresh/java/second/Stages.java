// truth: {"kind":["lost_signal"],"waiting":["await","step","run"]}
import java.util.concurrent.*;

public class Stages {
    private final CyclicBarrier barrier = new CyclicBarrier(6);
    class Worker implements Runnable {
        private final int id;
        Worker(int id) { this.id = id; }
        @Override public void run() { try { for (int i = 0; i < 100; i++) step(i); } catch (Exception e) { throw new RuntimeException(e); } }
        private void step(int i) throws Exception {
            if (id == 2 && i == 5) return2();
            barrier.await();
        }
        private void return2() { throw new ArithmeticException("bad cell"); }
    }
    public static void main(String[] args) {
        Stages s = new Stages();
        for (int i = 0; i < 6; i++) new Thread(s.new Worker(i), "stage-" + i).start();
    }
}
