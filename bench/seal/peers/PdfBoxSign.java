import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Calendar;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureOptions;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** Seals one page as often as standard input says, and answers the nanoseconds. */
public final class PdfBoxSign {
    private final byte[] page;
    private final PrivateKey key;
    private final Certificate[] chain;
    private final String algorithm;

    private PdfBoxSign(byte[] page, KeyStore store, char[] password) throws Exception {
        this.page = page;
        String alias = store.aliases().nextElement();
        this.key = (PrivateKey) store.getKey(alias, password);
        this.chain = store.getCertificateChain(alias);
        this.algorithm = "RSA".equals(key.getAlgorithm()) ? "SHA256withRSA" : "SHA256withECDSA";
    }

    private byte[] sealed() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream(page.length + 32768);
        try (PDDocument document = PDDocument.load(page)) {
            PDSignature signature = new PDSignature();
            signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
            signature.setSubFilter(COSName.getPDFName("ETSI.CAdES.detached"));
            signature.setSignDate(Calendar.getInstance());
            SignatureOptions options = new SignatureOptions();
            options.setPreferredSignatureSize(8192);
            document.addSignature(signature, content -> signed(content.readAllBytes()), options);
            document.saveIncremental(out);
        }
        return out.toByteArray();
    }

    private byte[] signed(byte[] content) {
        try {
            ContentSigner signer = new JcaContentSignerBuilder(algorithm).build(key);
            CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
            generator.addSignerInfoGenerator(
                    new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build())
                            .build(signer, (X509Certificate) chain[0]));
            generator.addCertificates(new JcaCertStore(Arrays.asList(chain)));
            return generator.generate(new CMSProcessableByteArray(content), false).getEncoded();
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        char[] password = arguments[2].toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(Files.newInputStream(Path.of(arguments[1])), password);
        PdfBoxSign sign = new PdfBoxSign(Files.readAllBytes(Path.of(arguments[0])), store, password);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            byte[] last = null;
            long started = System.nanoTime();
            for (int left = Integer.parseInt(line); left > 0; left--) {
                last = sign.sealed();
            }
            long spent = System.nanoTime() - started;
            Files.write(Path.of(arguments[3]), last);
            System.out.println(spent);
        }
    }
}
