import CryoFiles
import CryoFourier
import Foundation

extension MaskedResolution {
    /// A STAR document with RELION's labels, as its postprocessing writes them.
    var starDocument: StarDocument {
        var table = StarTable(labels: [
            "rlnSpectralIndex", "rlnResolution", "rlnAngstromResolution",
            "rlnFourierShellCorrelationCorrected",
            "rlnFourierShellCorrelationUnmaskedMaps", "rlnFourierShellCorrelationMaskedMaps",
            "rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps",
        ])
        let boxLength = unmasked.boxLength
        for shell in unmasked.correlations.indices {
            // RELION's value for the mean, which has no resolution.
            let angstrom = shell == 0 ? 999 : boxLength / Double(shell)
            let curves = [corrected, unmasked, masked, randomized].map { $0.correlations[shell] }
            let numbers = [Double(shell) / boxLength, angstrom] + curves
            table.append(["\(shell)"] + numbers.map { String(format: "%.6f", $0) })
        }
        return StarDocument(blocks: [StarBlock(name: "fsc", content: .table(table))])
    }
}

/// A curve as data banks read it.
extension FourierShellCorrelation {
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
