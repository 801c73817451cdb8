import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.util.Selector;

/** Verifies every signature of a PDF many times in one warm process; prints milliseconds each. */
public final class PdfBoxVerify {
    @SuppressWarnings("unchecked")
    private static boolean verified(byte[] pdf) throws Exception {
        boolean good = true;
        try (PDDocument document = PDDocument.load(pdf)) {
            for (PDSignature signature : document.getSignatureDictionaries()) {
                byte[] signed = signature.getSignedContent(new ByteArrayInputStream(pdf));
                byte[] contents = signature.getContents(new ByteArrayInputStream(pdf));
                boolean stamp = "ETSI.RFC3161".equals(signature.getSubFilter());
                CMSSignedData cms = stamp ? new CMSSignedData(contents) : new CMSSignedData(new CMSProcessableByteArray(signed), contents);
                for (SignerInformation signer : cms.getSignerInfos().getSigners()) {
                    Object found = cms.getCertificates().getMatches((Selector<X509CertificateHolder>) (Selector<?>) signer.getSID()).iterator().next();
                    good &= signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build((X509CertificateHolder) found));
                }
            }
        }
        return good;
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        byte[] pdf = Files.readAllBytes(Path.of(arguments[0]));
        int rounds = Integer.parseInt(arguments[1]);
        boolean good = true;
        for (int round = 0; round < rounds; round++) {
            good &= verified(pdf);
        }
        long started = System.nanoTime();
        for (int round = 0; round < rounds; round++) {
            good &= verified(pdf);
        }
        System.out.println((System.nanoTime() - started) / 1e6 / rounds + " " + good);
    }
}
