// truth: {"kind":["lost_signal"],"waiting":["arriveAndAwaitAdvance","play","run"]}
import java.util.concurrent.Phaser;

public class Rounds {
    private final Phaser phaser = new Phaser();
    void play(String who) { for (int i = 0; i < 50; i++) { if (who.equals("p3") && i == 4) return; phaser.arriveAndAwaitAdvance(); } phaser.arriveAndDeregister(); }
    public static void main(String[] args) {
        Rounds r = new Rounds();
        r.phaser.bulkRegister(5);
        for (int i = 0; i < 5; i++) { String w = "p" + i; new Thread(() -> r.play(w), w).start(); }
    }
}
