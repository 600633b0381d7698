//! The hues of services.
//!
//! Every hue is drawn with the theme's own lightness and chroma (`--svc-l`, `--svc-c` in `tokens.css`),
//! so that one number serves both themes. The browser is always 265; services take the next hue in the
//! order in which they first appear in the trace. The order is one in which whoever sees no red or no green tells the
//! first of them apart for longest. Hues that come too close for anyone have marks of different patterns, as the tests reckon;
//! and wherever a hue stands, a name is beside it.

/// The hue of every browser, in degrees of OKLCH.
pub const BROWSER: u16 = 265;

/// Stands for no hue: what is drawn with it is grey.
pub const NEUTRAL: u16 = 360;
/// The hue of what failed.
pub const FAILED: u16 = 25;
/// The hue of what says that it succeeded.
pub const SUCCEEDED: u16 = 150;

const SERVICES: [u16; 7] = [175, 85, 330, 130, 220, 295, 55];

/// The hue of the service that appears as number `index` among those that are not browsers.
#[must_use]
pub fn service_hue(index: usize) -> u16 {
    // Beyond the chosen hues the same seven return, turned by half of the least distance between two.
    let turn = (index / SERVICES.len()) as u16;
    (SERVICES[index % SERVICES.len()] + turn * 17) % 360
}

/// What the mark of a hue looks like beside its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pattern {
    Solid,
    Hollow,
    Halved,
    Split,
    Corner,
}

/// The pattern of a hue. Those that are not of the first fourteen services are as they come.
fn pattern(hue: u16) -> Pattern {
    match hue {
        55 | 147 | 220 => Pattern::Hollow,
        102 | 192 | 312 => Pattern::Halved,
        237 | 347 => Pattern::Split,
        72 => Pattern::Corner,
        _ => Pattern::Solid,
    }
}

/// The classes of the mark of a service or of a value: a browser's is round, all others are square, each in the
/// pattern of its hue.
#[must_use]
pub fn dot(hue: u16, browser: bool) -> String {
    let pattern = match pattern(hue) {
        _ if hue == NEUTRAL => " dot--grey",
        Pattern::Solid => "",
        Pattern::Hollow => " dot--hollow",
        Pattern::Halved => " dot--halved",
        Pattern::Split => " dot--split",
        Pattern::Corner => " dot--corner",
    };
    let round = if browser { " dot--browser" } else { "" };
    format!("dot{pattern}{round}")
}

/// The hues of services in their order of appearance; `browsers` says which of them are browsers.
#[must_use]
pub fn hues(browsers: impl IntoIterator<Item = bool>) -> Vec<u16> {
    let mut services = 0;
    browsers
        .into_iter()
        .map(|browser| {
            if browser {
                return BROWSER;
            }
            services += 1;
            service_hue(services - 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_keeps_its_hue_wherever_it_appears() {
        assert_eq!(hues([true, false, false]), [265, 175, 85]);
        assert_eq!(hues([false, true, false]), [175, 265, 85]);
    }

    #[test]
    fn fourteen_services_have_fourteen_hues() {
        let mut hues = hues([false; 14]);
        hues.sort_unstable();
        hues.dedup();
        assert_eq!(hues.len(), 14);
    }

    type Triple = [f64; 3];

    fn times(matrix: [Triple; 3], of: Triple) -> Triple {
        matrix.map(|row| row.iter().zip(of).map(|(a, b)| a * b).sum())
    }

    /// From OKLCH to linear sRGB and from there to OKLab, after Björn Ottosson.
    fn linear(lightness: f64, chroma: f64, hue: u16) -> Triple {
        let (sin, cos) = f64::from(hue).to_radians().sin_cos();
        let cones = times(
            [
                [1.0, 0.396_337_777_4, 0.215_803_757_3],
                [1.0, -0.105_561_345_8, -0.063_854_172_8],
                [1.0, -0.089_484_177_5, -1.291_485_548_0],
            ],
            [lightness, chroma * cos, chroma * sin],
        );
        times(
            [
                [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
                [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
                [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
            ],
            cones.map(|cone| cone.powi(3)),
        )
    }

    fn oklab(linear: Triple) -> Triple {
        let cones = times(
            [
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            linear.map(|part| part.clamp(0.0, 1.0)),
        );
        times(
            [
                [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// How far apart the nearest two of some hues are, in OKLab, seen through `eyes` in either theme.
    fn nearest(hues: &[u16], eyes: [Triple; 3]) -> f64 {
        // `--svc-l` and `--svc-c` of tokens.css, light and dark.
        let themes = [(0.62, 0.125), (0.70, 0.115)];
        let mut least = f64::INFINITY;
        for (lightness, chroma) in themes {
            let seen: Vec<Triple> = hues
                .iter()
                .map(|hue| oklab(times(eyes, linear(lightness, chroma, *hue))))
                .collect();
            for (place, one) in seen.iter().enumerate() {
                for other in &seen[..place] {
                    let squares = one.iter().zip(other).map(|(a, b)| (a - b).powi(2));
                    least = least.min(squares.sum::<f64>().sqrt());
                }
            }
        }
        least
    }

    /// Machado, Oliveira and Fernandes 2009, at full severity: who sees no red, no green, no blue. The first sees all.
    const EYES: [(&str, [Triple; 3]); 4] = [
        (
            "all colours",
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        ),
        (
            "no red",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "no green",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "no blue",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    #[test]
    fn colour_blind_readers_tell_the_first_services_apart() {
        let hues = super::hues([true, false, false, false, false, false]);
        for ((name, eyes), (of_three, of_six)) in
            EYES.into_iter()
                .zip([(0.12, 0.08), (0.11, 0.03), (0.11, 0.03), (0.04, 0.015)])
        {
            let (three, six) = (nearest(&hues[..3], eyes), nearest(&hues, eyes));
            assert!(three >= of_three, "{name}: {three:.3} of three");
            assert!(six >= of_six, "{name}: {six:.3} of six");
        }
    }

    #[test]
    fn hues_that_somebody_takes_for_each_other_have_marks_of_different_looks() {
        // A difference that is just seen, on grounds side by side, is about 0.02.
        const TOLD_APART: f64 = 0.03;
        let hues = super::hues([false; 14]);
        let mut patterned = 0;
        for (place, one) in hues.iter().enumerate() {
            for other in hues[..place].iter().chain(&[BROWSER]) {
                let looks = (dot(*one, false), dot(*other, *other == BROWSER));
                for (name, eyes) in EYES {
                    let apart = nearest(&[*one, *other], eyes);
                    assert!(
                        apart >= TOLD_APART || looks.0 != looks.1,
                        "{name}: {one} and {other} are {apart:.3} apart, both with {}",
                        looks.0
                    );
                }
                patterned += usize::from(looks.0 != looks.1);
            }
        }
        // Plain squares stay the rule.
        assert!(patterned < 105 && hues[..4].iter().all(|hue| dot(*hue, false) == "dot"));
    }
}
