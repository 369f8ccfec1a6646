// truth: {"kind":["deadlock_cycle"],"waiting":["subscribe","unsubscribe","onPrice","close","size"],"holder":["publish","onPrice","close","unsubscribe"]}
import java.util.ArrayList;
import java.util.List;

public class PriceFeed {
    interface Listener { void onPrice(String symbol, double price); }

    private final List<Listener> listeners = new ArrayList<>();

    synchronized void subscribe(Listener l) { listeners.add(l); }
    synchronized void unsubscribe(Listener l) { listeners.remove(l); }
    synchronized void publish(String symbol, double price) {
        for (Listener l : listeners) l.onPrice(symbol, price);
    }

    static class Portfolio implements Listener {
        private final PriceFeed feed;
        private double value;
        Portfolio(PriceFeed feed) { this.feed = feed; feed.subscribe(this); }
        @Override public synchronized void onPrice(String symbol, double price) { value += price; }
        synchronized void close() {
            value = 0;
            pause();
            feed.unsubscribe(this);
        }
        private void pause() { try { Thread.sleep(20); } catch (InterruptedException e) { Thread.currentThread().interrupt(); } }
    }

    public static void main(String[] args) {
        PriceFeed feed = new PriceFeed();
        Portfolio p = new Portfolio(feed);
        new Thread(() -> { for (int i = 0;; i++) feed.publish("ACME", i); }, "feed").start();
        new Thread(p::close, "desk-1").start();
    }
}
