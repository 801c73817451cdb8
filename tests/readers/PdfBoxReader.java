import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.Security;
import java.util.Collection;
import java.util.List;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.util.Selector;

/**
 * Answers one line for each path on standard input, so that one warm virtual machine reads many files.
 *
 * <p>A line is {@code good|bad}, the number of signatures, and what was found, apart by tabs. Good are: digest and
 * signature of every signature and document timestamp, the timestamp inside a CMS, and that the last of them covers the
 * whole file but its own gap. No chain is built.
 */
public final class PdfBoxReader {
    private record Found(boolean good, String said) {}

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String path = in.readLine(); path != null; path = in.readLine()) {
            out.println(answer(Files.readAllBytes(Path.of(path))));
        }
    }

    private static String answer(byte[] pdf) {
        try (PDDocument document = PDDocument.load(pdf)) {
            List<PDSignature> signatures = document.getSignatureDictionaries();
            boolean good = !signatures.isEmpty();
            boolean whole = false;
            StringBuilder said = new StringBuilder();
            for (PDSignature signature : signatures) {
                Found found = found(signature, pdf);
                good &= found.good();
                whole |= coversAll(signature.getByteRange(), pdf.length);
                said.append(said.length() == 0 ? "" : "; ").append(found.said());
            }
            said.append(whole ? "; whole file" : "; not the whole file");
            return (good && whole ? "good" : "bad") + "\t" + signatures.size() + "\t" + said;
        } catch (Exception | StackOverflowError error) {
            return "bad\t0\t" + error.getClass().getSimpleName();
        }
    }

    private static boolean coversAll(int[] range, int length) {
        return range.length == 4 && range[0] == 0 && range[2] + range[3] == length;
    }

    private static Found found(PDSignature signature, byte[] pdf) throws Exception {
        byte[] signed = signature.getSignedContent(new ByteArrayInputStream(pdf));
        byte[] contents = signature.getContents(new ByteArrayInputStream(pdf));
        if ("ETSI.RFC3161".equals(signature.getSubFilter())) {
            boolean good = stamps(new TimeStampToken(new CMSSignedData(contents)), signed);
            return new Found(good, good ? "document timestamp holds" : "document timestamp broken");
        }
        CMSSignedData cms = new CMSSignedData(new CMSProcessableByteArray(signed), contents);
        boolean good = !cms.getSignerInfos().getSigners().isEmpty();
        StringBuilder said = new StringBuilder();
        for (SignerInformation signer : cms.getSignerInfos().getSigners()) {
            boolean held = signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(holder(cms, signer)));
            said.append(held ? "signature holds" : "signature broken");
            AttributeTable unsigned = signer.getUnsignedAttributes();
            Attribute stamp = unsigned == null ? null : unsigned.get(PKCSObjectIdentifiers.id_aa_signatureTimeStampToken);
            if (stamp != null) {
                byte[] token = stamp.getAttrValues().getObjectAt(0).toASN1Primitive().getEncoded();
                boolean stamped = stamps(new TimeStampToken(new CMSSignedData(token)), signer.getSignature());
                said.append(stamped ? ", timestamp holds" : ", timestamp broken");
                held &= stamped;
            }
            good &= held;
        }
        return new Found(good, said.toString());
    }

    private static boolean stamps(TimeStampToken token, byte[] content) throws Exception {
        ASN1ObjectIdentifier algorithm = token.getTimeStampInfo().getMessageImprintAlgOID();
        byte[] imprint = MessageDigest.getInstance(algorithm.getId(), "BC").digest(content);
        if (!MessageDigest.isEqual(imprint, token.getTimeStampInfo().getMessageImprintDigest())) {
            return false;
        }
        CMSSignedData cms = token.toCMSSignedData();
        SignerInformation signer = cms.getSignerInfos().getSigners().iterator().next();
        return signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(holder(cms, signer)));
    }

    @SuppressWarnings("unchecked")
    private static X509CertificateHolder holder(CMSSignedData cms, SignerInformation signer) {
        Collection<X509CertificateHolder> found =
                cms.getCertificates().getMatches((Selector<X509CertificateHolder>) (Selector<?>) signer.getSID());
        return found.iterator().next();
    }
}
