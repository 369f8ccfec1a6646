// truth: {"kind":["deadlock_cycle"],"waiting":["<clinit>","Codec","Registry","lookup","run","name"]}
import java.util.*;

public class Plugins {
    static class Registry {
        static final Map<String, Object> all = new HashMap<>();
        static { nap(); all.put("json", new Codec()); }
        static Object lookup(String n) { return all.get(n); }
    }
    static class Codec {
        static final String NAME = name();
        static String name() { nap(); return "codec" + Registry.lookup("json"); }
    }
    static void nap() { try { Thread.sleep(100); } catch (InterruptedException e) { } }
    public static void main(String[] args) {
        new Thread(() -> Registry.lookup("json"), "http-1").start();
        new Thread(() -> System.out.println(Codec.NAME), "http-2").start();
        for (int i = 3; i < 6; i++) new Thread(() -> Registry.lookup("xml"), "http-" + i).start();
    }
}
