import CryoCore
import Foundation

/// The density inside the page, to be turned by hand: at most 64³ values of a byte, and a script that marches rays through them.
package struct VolumeViewer {
    private let bytes: [UInt8]
    /// Voxels along an edge.
    package let edge: Int
    private let isCalm: Bool
    /// The threshold to begin with, as a part of the largest value.
    package let level: Double

    /// Takes a density and the threshold to begin with.
    ///
    /// A calm one does not turn by itself: a run needs the processors, of which a browser without a graphics card takes one.
    package init(_ volume: Volume, threshold: Float, isCalm: Bool = false) {
        self.isCalm = isCalm
        let small = volume.boxSize > 64 ? volume.resampled(to: 64) : volume
        edge = small.boxSize
        let largest = max(small.voxels.max() ?? 1, .leastNonzeroMagnitude)
        bytes = small.voxels.map { UInt8(max(0, min(255, ($0 / largest * 255).rounded()))) }
        level = Double(min(0.95, max(0.02, threshold / largest)))
    }

    /// The canvas and its slider, hidden until the script has found that it can draw.
    package var html: String {
        Self.html(
            data: " data-edge=\"\(edge)\" data-voxels=\"\(voxels)\"", level: String(format: "%.3f", level),
            class: isCalm ? "viewer calm" : "viewer")
    }

    /// A calm one before there is a density.
    package static let emptyHTML = html(data: "", level: "0.3", class: "viewer calm")

    /// The values in base64.
    package var voxels: String { Data(bytes).base64EncodedString() }

    private static func html(data: String, level: String, class name: String = "viewer") -> String {
        """
        <div class="\(name)" hidden>
        <canvas width="560" height="560" aria-label="The density's surface; drag to turn it"\(data)></canvas>
        <label>threshold <input type="range" min="0.02" max="0.95" step="0.005" value="\(level)"></label>
        </div>
        """
    }

    /// Draws every viewer of the page, all turning together; a `density` event at a canvas brings another density.
    package static let script = """
        (() => {
          const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
          const view = { yaw: 0.6, pitch: 0.4, spins: !still && !document.querySelector(".viewer.calm") }, drawings = [];
          const redraw = () => { for (const draw of drawings) draw(); };
          const start = (box) => {
            const canvas = box.querySelector("canvas"), level = box.querySelector("input");
            const gl = canvas.getContext("webgl2", { premultipliedAlpha: false, preserveDrawingBuffer: true });
            if (!gl) return;
            const shader = (type, source) => {
              const s = gl.createShader(type);
              gl.shaderSource(s, source); gl.compileShader(s);
              return s;
            };
            const program = gl.createProgram();
            gl.attachShader(program, shader(gl.VERTEX_SHADER, `#version 300 es
              out vec2 uv;
              void main() {
                vec2 p = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
                uv = p; gl_Position = vec4(p, 0.0, 1.0);
              }`));
            gl.attachShader(program, shader(gl.FRAGMENT_SHADER, `#version 300 es
              precision highp float; precision highp sampler3D;
              in vec2 uv; out vec4 color;
              uniform sampler3D density; uniform mat3 turn; uniform float level; uniform float n;
              float at(vec3 p) {
                if (any(greaterThan(abs(p), vec3(0.5)))) return 0.0;
                return texture(density, p + 0.5 + 0.5 / n).r;
              }
              void main() {
                vec3 start = turn * vec3(uv * 0.62, 0.87), step = turn * vec3(0.0, 0.0, -1.74 / 260.0);
                vec3 p = start; color = vec4(0.0);
                for (int i = 0; i < 260; i++, p += step) {
                  if (at(p) < level) continue;
                  vec3 a = p - step, b = p;
                  for (int k = 0; k < 5; k++) { vec3 m = 0.5 * (a + b); if (at(m) < level) a = m; else b = m; }
                  float e = 1.0 / n;
                  vec3 g = vec3(at(b - vec3(e,0,0)) - at(b + vec3(e,0,0)), at(b - vec3(0,e,0)) - at(b + vec3(0,e,0)),
                                at(b - vec3(0,0,e)) - at(b + vec3(0,0,e)));
                  vec3 normal = normalize(transpose(turn) * g + 1e-6);
                  float light = max(0.0, dot(normal, normalize(vec3(-0.4, 0.5, 0.8))));
                  float fog = 1.0 - 0.45 * float(i) / 260.0;
                  color = vec4((vec3(0.42, 0.64, 0.82) * (0.3 + 0.7 * light) + 0.25 * pow(light, 12.0)) * fog, 1.0);
                  return;
                }
              }`));
            gl.linkProgram(program);
            if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return;
            gl.useProgram(program);
            gl.bindTexture(gl.TEXTURE_3D, gl.createTexture());
            gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
            let n = 0;
            const load = (edge, voxels) => {
              n = edge;
              gl.texImage3D(gl.TEXTURE_3D, 0, gl.R8, n, n, n, 0, gl.RED, gl.UNSIGNED_BYTE,
                Uint8Array.from(atob(voxels), c => c.charCodeAt(0)));
              for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
                [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_R, gl.CLAMP_TO_EDGE]])
                gl.texParameteri(gl.TEXTURE_3D, name, value);
              box.hidden = false;
              const still = box.parentElement.querySelector(".still");
              if (still) still.classList.add("small");
            };
            const uniform = name => gl.getUniformLocation(program, name);
            const draw = () => {
              if (!n) return;
              const [cy, sy, cp, sp] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
              gl.uniformMatrix3fv(uniform("turn"), false, [cy, 0, -sy, sy * sp, cp, cy * sp, sy * cp, -sp, cy * cp]);
              gl.uniform1f(uniform("level"), Number(level.value)); gl.uniform1f(uniform("n"), n);
              gl.viewport(0, 0, canvas.width, canvas.height);
              gl.clearColor(0, 0, 0, 0); gl.clear(gl.COLOR_BUFFER_BIT);
              gl.drawArrays(gl.TRIANGLES, 0, 3);
            };
            let held = null, isChosen = false;
            canvas.addEventListener("pointerdown", e => {
              held = [e.clientX, e.clientY]; view.spins = false; canvas.setPointerCapture(e.pointerId);
            });
            canvas.addEventListener("pointerup", () => { held = null; });
            canvas.addEventListener("pointermove", e => {
              if (!held) return;
              view.yaw -= (e.clientX - held[0]) * 0.01;
              view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch - (e.clientY - held[1]) * 0.01));
              held = [e.clientX, e.clientY];
              redraw();
            });
            level.addEventListener("input", () => { isChosen = true; draw(); });
            canvas.addEventListener("density", e => {
              load(e.detail.edge, e.detail.voxels);
              if (!isChosen) level.value = e.detail.level;
              draw();
            });
            if (canvas.dataset.voxels) load(Number(canvas.dataset.edge), canvas.dataset.voxels);
            drawings.push(draw);
            draw();
          };
          const begin = () => {
            for (const box of document.querySelectorAll(".viewer:not([data-begun])")) { box.dataset.begun = 1; start(box); }
          };
          begin();
          document.addEventListener("viewers", begin);
          let last = 0;
          const spin = time => {
            if (!view.spins) return;
            if (time - last > 40) { view.yaw += 0.012; last = time; redraw(); }
            requestAnimationFrame(spin);
          };
          if (view.spins) requestAnimationFrame(spin);
        })();
        """
}
