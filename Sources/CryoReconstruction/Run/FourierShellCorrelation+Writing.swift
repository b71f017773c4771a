import CryoFiles
import CryoFourier
import Foundation

/// A curve as other programs read it.
extension FourierShellCorrelation {
    /// A STAR document with RELION's labels, as its postprocessing writes them.
    var starDocument: StarDocument {
        var table = StarTable(labels: [
            "rlnSpectralIndex", "rlnResolution", "rlnAngstromResolution",
            "rlnFourierShellCorrelationUnmaskedMaps",
        ])
        for (shell, value) in correlations.enumerated() {
            // RELION's value for the mean, which has no resolution.
            let angstrom = shell == 0 ? 999 : boxLength / Double(shell)
            table.append([
                "\(shell)", String(format: "%.6f", Double(shell) / boxLength),
                String(format: "%.6f", angstrom),
                String(format: "%.6f", value),
            ])
        }
        return StarDocument(blocks: [StarBlock(name: "fsc", content: .table(table))])
    }

    /// The format of the Electron Microscopy Data Bank: frequency in Å⁻¹ against correlation.
    var xml: String {
        let coordinates = correlations.enumerated().map { shell, value in
            String(
                format: "  <coordinate>\n    <x>%.6f</x>\n    <y>%.6f</y>\n  </coordinate>\n",
                Double(shell) / boxLength, value)
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <fsc title="Fourier shell correlation of half-set maps" xaxis="Resolution (A-1)" \
            yaxis="Correlation Coefficient">
            \(coordinates.joined())</fsc>

            """
    }
}
