// truth: {"kind":["recursive_lock"],"waiting":["area","width"],"holder":["resize"]}
import java.util.concurrent.locks.StampedLock;

public class Geometry {
    private final StampedLock guard = new StampedLock();
    private int w = 3, h = 4;

    int width() {
        long stamp = guard.readLock();
        try { return w; } finally { guard.unlockRead(stamp); }
    }
    int area() { return width() * h; }
    void resize(int to) {
        long stamp = guard.writeLock();
        try { w = to; h = area() / w; } finally { guard.unlockWrite(stamp); }
    }
    public static void main(String[] args) throws Exception {
        Geometry g = new Geometry();
        new Thread(() -> g.resize(7), "resize").start();
        Thread.sleep(100);
        for (int i = 0; i < 3; i++) new Thread(g::width, "layout-" + i).start();
    }
}
