// truth: {"kind":["deadlock_cycle"],"waiting":["computeIfAbsent","resolve"],"holder":["resolve","build","computeIfAbsent","lambda"]}
import java.util.concurrent.*;

public class Resolver {
    private final ConcurrentHashMap<String, String> beans = new ConcurrentHashMap<>();
    String resolve(String name, String needs) { return beans.computeIfAbsent(name, n -> build(n, needs)); }
    private String build(String name, String needs) {
        try { Thread.sleep(100); } catch (InterruptedException e) { }
        return needs == null ? name : name + resolve(needs, null);
    }
    public static void main(String[] args) {
        Resolver r = new Resolver();
        new Thread(() -> r.resolve("orders", "billing"), "init-1").start();
        new Thread(() -> r.resolve("billing", "orders"), "init-2").start();
    }
}
