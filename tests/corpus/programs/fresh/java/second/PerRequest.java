// truth: {"kind":["leak"],"waiting":["take","getTask"]}
import java.util.concurrent.*;

public class PerRequest {
    static int handle(int n) throws Exception { ExecutorService ex = Executors.newSingleThreadExecutor(); return ex.submit(() -> n * 2).get(); }
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 1500; i++) handle(i);
        Thread.sleep(1000000);
    }
}
