// truth: {"kind":["deadlock_cycle"],"waiting":["<clinit>","Left","Right","left","right"]}
public class ClassInit {
    static void pause() { try { Thread.sleep(100); } catch (InterruptedException e) { } }
    static class Left { static final int V; static { pause(); V = Right.v() + 1; } static int v() { return 1; } }
    static class Right { static final int V; static { pause(); V = Left.v() + 1; } static int v() { return 2; } }
    public static void main(String[] a) {
        new Thread(() -> System.out.println(Left.V), "left").start();
        new Thread(() -> System.out.println(Right.V), "right").start();
    }
}
