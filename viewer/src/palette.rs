//! The hues of services.
//!
//! Every hue is drawn with the theme's own lightness and chroma (`--svc-l`, `--svc-c` in `tokens.css`),
//! so that one number serves both themes. The browser is always 265; services take the next hue in the
//! order in which they first appear in the trace. The order keeps neighbours apart for colour-blind readers.

/// The hue of every browser, in degrees of OKLCH.
pub const BROWSER: u16 = 265;

/// Stands for no hue: what is drawn with it is grey.
pub const NEUTRAL: u16 = 360;
/// The hue of what failed.
pub const FAILED: u16 = 25;
/// The hue of what says that it succeeded.
pub const SUCCEEDED: u16 = 150;

const SERVICES: [u16; 7] = [205, 165, 95, 330, 50, 295, 130];

/// The hue of the service that appears as number `index` among those that are not browsers.
#[must_use]
pub fn service_hue(index: usize) -> u16 {
    // Beyond the chosen hues the same seven return, turned by half of the least distance between two.
    let turn = (index / SERVICES.len()) as u16;
    (SERVICES[index % SERVICES.len()] + turn * 17) % 360
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
        assert_eq!(hues([true, false, false]), [265, 205, 165]);
        assert_eq!(hues([false, true, false]), [205, 265, 165]);
    }

    #[test]
    fn fourteen_services_have_fourteen_hues() {
        let mut hues = hues([false; 14]);
        hues.sort_unstable();
        hues.dedup();
        assert_eq!(hues.len(), 14);
    }
}
