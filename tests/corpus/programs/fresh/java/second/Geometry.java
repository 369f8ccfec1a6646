// truth: {"kind":["recursive_read_lock","recursive_lock","deadlock_cycle"],"waiting":["area","width","resize"],"holder":["area"]}
import java.util.concurrent.locks.StampedLock;

public class Geometry {
    private final StampedLock guard = new StampedLock();
    private int w = 3, h = 4;

    int width() {
        long stamp = guard.readLock();
        try { return w; } finally { guard.unlockRead(stamp); }
    }
    int area() throws InterruptedException {
        long stamp = guard.readLock();
        try { Thread.sleep(300); return width() * h; } finally { guard.unlockRead(stamp); }
    }
    void resize(int to) {
        long stamp = guard.writeLock();
        try { w = to; } finally { guard.unlockWrite(stamp); }
    }
    public static void main(String[] args) throws Exception {
        Geometry g = new Geometry();
        Thread draw = new Thread(() -> { try { g.area(); } catch (InterruptedException e) { } }, "draw");
        draw.start();
        Thread.sleep(100);
        new Thread(() -> g.resize(7), "resize").start();
        Thread.sleep(100);
        for (int i = 0; i < 3; i++) new Thread(g::width, "layout-" + i).start();
    }
}
