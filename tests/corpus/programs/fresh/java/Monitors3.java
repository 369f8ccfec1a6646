// truth: {"kind":["deadlock_cycle"],"waiting":["debit","credit","post","touch"],"holder":["run","pass"]}
import java.util.concurrent.*;
public class Monitors3 {
    static class Node { Node next; final String name; Node(String n) { name = n; }
        synchronized void pass(CyclicBarrier b) { try { b.await(); } catch (Exception e) { } next.touch(); }
        synchronized void touch() { } }
    public static void main(String[] a) {
        Node x = new Node("x"), y = new Node("y"), z = new Node("z"); x.next = y; y.next = z; z.next = x;
        CyclicBarrier b = new CyclicBarrier(3);
        for (Node n : new Node[]{x, y, z}) new Thread(() -> n.pass(b), "node-" + n.name).start();
        new Thread(() -> { try { Thread.sleep(300); } catch (InterruptedException e) { } x.touch(); }, "late").start();
    }
}
