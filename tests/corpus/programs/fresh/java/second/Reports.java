// truth: {"kind":["pool_exhaustion"],"waiting":["invokeAll","render","get"]}
import java.util.*;
import java.util.concurrent.*;

public class Reports {
    private final ExecutorService pool = Executors.newFixedThreadPool(3);
    String render(int report) throws Exception {
        List<Callable<String>> pages = new ArrayList<>();
        for (int p = 0; p < 4; p++) { int page = p; pages.add(() -> "page " + page + " of " + report); }
        StringBuilder all = new StringBuilder();
        for (Future<String> page : pool.invokeAll(pages)) all.append(page.get());
        return all.toString();
    }
    public static void main(String[] args) {
        Reports r = new Reports();
        for (int i = 0; i < 6; i++) { int n = i; r.pool.submit(() -> r.render(n)); }
    }
}
