// truth: {"kind":["deadlock_cycle","stalled_holder","lost_signal"],"waiting":["awaitOpen","wait","open","enter"],"holder":["enter","awaitOpen"]}
public class Gate {
    private final Object door = new Object();
    private boolean open;
    private void awaitOpen() throws InterruptedException { synchronized (door) { while (!open) door.wait(); } }
    synchronized void enter() throws InterruptedException { awaitOpen(); }
    synchronized void open() { synchronized (door) { open = true; door.notifyAll(); } }
    public static void main(String[] args) throws Exception {
        Gate g = new Gate();
        for (int i = 0; i < 4; i++) new Thread(() -> { try { g.enter(); } catch (InterruptedException e) { } }, "visitor-" + i).start();
        Thread.sleep(100);
        new Thread(g::open, "porter").start();
    }
}
