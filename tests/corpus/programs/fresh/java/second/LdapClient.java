// truth: {"kind":["stalled_holder"],"waiting":["lookup","login"],"holder":["lookup","readLine","request"]}
import java.io.*;
import java.net.*;

public class LdapClient {
    private final Socket socket;
    private final BufferedReader in;
    private final Writer out;
    LdapClient(int port) throws IOException {
        socket = new Socket("127.0.0.1", port);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
        out = new OutputStreamWriter(socket.getOutputStream());
    }
    synchronized String lookup(String user) throws IOException { return request("uid=" + user); }
    private String request(String q) throws IOException { out.write(q + "\n"); out.flush(); return in.readLine(); }
    public static void main(String[] args) throws Exception {
        ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread silent = new Thread(() -> { try { Socket s = server.accept(); Thread.sleep(1000000); s.close(); } catch (Exception e) { } }, "peer");
        silent.setDaemon(true);
        silent.start();
        LdapClient c = new LdapClient(server.getLocalPort());
        for (int i = 0; i < 7; i++) { int n = i; new Thread(() -> { try { c.lookup("u" + n); } catch (IOException e) { } }, "login-" + i).start(); }
    }
}
