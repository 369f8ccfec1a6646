// truth: {"kind":["none"],"no_deadlock":true}
import java.io.*;
import java.util.logging.*;

public class HLogging {
    private static final Logger log = Logger.getLogger("orders");
    public static void main(String[] args) throws Exception {
        log.setUseParentHandlers(false);
        log.addHandler(new StreamHandler(new OutputStream() { @Override public void write(int b) { } @Override public void write(byte[] b, int o, int n) { } }, new SimpleFormatter()));
        for (int i = 0; i < 10; i++) { int n = i; new Thread(() -> { for (int k = 0;; k++) log.info("order " + n + " " + k); }, "order-" + i).start(); }
    }
}
