// truth: {"kind":["stalled_holder"],"waiting":["convert","status"],"holder":["convert","run"]}
public class Converter {
    private int done;
    void convert(String file) {
        synchronized (this) { run("sleep", "600"); done++; }
    }
    synchronized int status() { return done; }
    private void run(String... command) {
        try { Process p = new ProcessBuilder(command).start(); Runtime.getRuntime().addShutdownHook(new Thread(p::destroyForcibly)); p.waitFor(); } catch (Exception e) { throw new RuntimeException(e); }
    }
    public static void main(String[] args) throws Exception {
        Converter c = new Converter();
        for (int i = 0; i < 4; i++) { String f = "f" + i; new Thread(() -> c.convert(f), "convert-" + i).start(); }
        Thread.sleep(200);
        for (int i = 0; i < 3; i++) new Thread(c::status, "health-" + i).start();
    }
}
