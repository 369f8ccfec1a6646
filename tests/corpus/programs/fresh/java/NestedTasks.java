// truth: {"kind":["pool_exhaustion"],"waiting":["get","build","await"]}
import java.util.*;
import java.util.concurrent.*;

public class NestedTasks {
    static class Builder {
        final ExecutorService pool = Executors.newFixedThreadPool(4);
        String build(String unit, int depth) throws Exception {
            if (depth == 0) return unit;
            List<Future<String>> parts = new ArrayList<>();
            for (int i = 0; i < 3; i++) { String u = unit + i; parts.add(pool.submit(() -> build(u, depth - 1))); }
            StringBuilder b = new StringBuilder();
            for (Future<String> p : parts) b.append(p.get());
            return b.toString();
        }
    }
    public static void main(String[] a) throws Exception {
        Builder b = new Builder();
        for (int i = 0; i < 4; i++) { String u = "u" + i; b.pool.submit(() -> b.build(u, 3)); }
        System.out.println(b.build("root", 1));
    }
}
