//! The functions of the C file that compute layers, and what they call: only those that a network needs are written.

/// A piece of C, by the name of the function in it.
pub(super) struct CPart {
    pub name: &'static str,
    /// The functions that it calls.
    pub needs: &'static [&'static str],
    pub code: &'static str,
}

/// In an order in which each stands below what it calls.
pub(super) const PARTS: [CPart; 10] = [
    CPart {
        name: "exponential",
        needs: &[],
        code: r"/* e^x: x = n ln 2 + r, then the series of e^r. */
static double exponential(double x)
{
    double r, sum = 1.0, term = 1.0;
    int n, k;
    if (x > 700.0)
        x = 700.0;
    if (x < -700.0)
        return 0.0;
    n = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    r = x - n * 0.6931471805599453;
    for (k = 1; k < 14; k++) {
        term *= r / k;
        sum += term;
    }
    for (; n > 0; n--)
        sum *= 2.0;
    for (; n < 0; n++)
        sum *= 0.5;
    return sum;
}

",
    },
    CPart {
        name: "error_function",
        needs: &[],
        code: r"/* erf x: its series near 0 (Abramowitz and Stegun 7.1.6), 1 or -1 far from it. */
static double error_function(double x)
{
    double sum, term;
    int k;
    if (x > 5.5)
        return 1.0;
    if (x < -5.5)
        return -1.0;
    sum = term = x;
    for (k = 1; k < 200; k++) {
        term *= 2.0 * x * x / (2 * k + 1);
        sum += term;
    }
    return 1.1283791670955126 * exponential(-x * x) * sum;
}

",
    },
    CPart {
        name: "square_root",
        needs: &[],
        code: r"/* Newton's method, from above. */
static double square_root(double x)
{
    double root = x > 1.0 ? x : 1.0;
    int k;
    if (x <= 0.0)
        return 0.0;
    for (k = 0; k < 200; k++)
        root = 0.5 * (root + x / root);
    return root;
}

",
    },
    CPart {
        name: "dense",
        needs: &[],
        code: r"static void dense(const float *x, float *y, int inputs, int units, const float *kernel, const float *bias)
{
    int i, u;
    for (u = 0; u < units; u++) {
        float sum = bias ? bias[u] : 0.0f;
        for (i = 0; i < inputs; i++)
            sum += x[i] * kernel[i * units + u];
        y[u] = sum;
    }
}

",
    },
    CPart {
        name: "convolution",
        needs: &[],
        code: r"static void convolution(const float *x, float *y, int height, int width, int channels, int rows, int columns,
                        int kernel_height, int kernel_width, int down, int across, int top, int left,
                        int filters, const float *kernel, const float *bias)
{
    int r, c, i, j, k, f;
    for (r = 0; r < rows; r++)
        for (c = 0; c < columns; c++)
            for (f = 0; f < filters; f++) {
                float sum = bias ? bias[f] : 0.0f;
                for (i = 0; i < kernel_height; i++) {
                    int row = r * down + i - top;
                    if (row < 0 || row >= height)
                        continue;
                    for (j = 0; j < kernel_width; j++) {
                        int column = c * across + j - left;
                        if (column < 0 || column >= width)
                            continue;
                        for (k = 0; k < channels; k++)
                            sum += x[(row * width + column) * channels + k] *
                                   kernel[((i * kernel_width + j) * channels + k) * filters + f];
                    }
                }
                y[(r * columns + c) * filters + f] = sum;
            }
}

",
    },
    CPart {
        name: "depthwise",
        needs: &[],
        code: r"static void depthwise(const float *x, float *y, int height, int width, int channels, int rows, int columns,
                      int kernel_height, int kernel_width, int down, int across, int top, int left,
                      int multiplier, const float *kernel, const float *bias)
{
    int r, c, i, j, f, filters = channels * multiplier;
    for (r = 0; r < rows; r++)
        for (c = 0; c < columns; c++)
            for (f = 0; f < filters; f++) {
                float sum = bias ? bias[f] : 0.0f;
                for (i = 0; i < kernel_height; i++) {
                    int row = r * down + i - top;
                    if (row < 0 || row >= height)
                        continue;
                    for (j = 0; j < kernel_width; j++) {
                        int column = c * across + j - left;
                        if (column < 0 || column >= width)
                            continue;
                        sum += x[(row * width + column) * channels + f / multiplier] *
                               kernel[(i * kernel_width + j) * filters + f];
                    }
                }
                y[(r * columns + c) * filters + f] = sum;
            }
}

",
    },
    CPart {
        name: "max_pooling",
        needs: &[],
        code: r"static void max_pooling(const float *x, float *y, int height, int width, int channels, int rows, int columns,
                        int window_height, int window_width, int down, int across, int top, int left)
{
    int r, c, i, j, k;
    for (r = 0; r < rows; r++)
        for (c = 0; c < columns; c++)
            for (k = 0; k < channels; k++) {
                float most = 0.0f;
                int n = 0;
                for (i = 0; i < window_height; i++)
                    for (j = 0; j < window_width; j++) {
                        int row = r * down + i - top, column = c * across + j - left;
                        float value;
                        if (row < 0 || row >= height || column < 0 || column >= width)
                            continue;
                        value = x[(row * width + column) * channels + k];
                        if (n++ == 0 || value > most)
                            most = value;
                    }
                y[(r * columns + c) * channels + k] = most;
            }
}

",
    },
    CPart {
        name: "average_pooling",
        needs: &[],
        code: r"static void average_pooling(const float *x, float *y, int height, int width, int channels, int rows, int columns,
                            int window_height, int window_width, int down, int across, int top, int left)
{
    int r, c, i, j, k;
    for (r = 0; r < rows; r++)
        for (c = 0; c < columns; c++)
            for (k = 0; k < channels; k++) {
                float sum = 0.0f;
                int n = 0;
                for (i = 0; i < window_height; i++)
                    for (j = 0; j < window_width; j++) {
                        int row = r * down + i - top, column = c * across + j - left;
                        if (row < 0 || row >= height || column < 0 || column >= width)
                            continue;
                        sum += x[(row * width + column) * channels + k];
                        n++;
                    }
                y[(r * columns + c) * channels + k] = sum / (float)n;
            }
}

",
    },
    CPart {
        name: "global_average",
        needs: &[],
        code: r"static void global_average(const float *x, float *y, int pixels, int channels)
{
    int i, k;
    for (k = 0; k < channels; k++) {
        float sum = 0.0f;
        for (i = 0; i < pixels; i++)
            sum += x[i * channels + k];
        y[k] = sum / (float)pixels;
    }
}

",
    },
    CPart {
        name: "normalize",
        needs: &["square_root"],
        code: r"static void normalize(float *x, int n, int channels, float epsilon, const float *gamma, const float *beta,
                      const float *mean, const float *variance)
{
    int i, k;
    for (k = 0; k < channels; k++) {
        double scale = gamma[k] / square_root((double)variance[k] + epsilon);
        for (i = k; i < n; i += channels)
            x[i] = (float)(((double)x[i] - mean[k]) * scale + beta[k]);
    }
}

",
    },
];

/// A program around it, for trying it out.
pub(super) const MAIN: &str = r#"#ifdef TOILE_MAIN
#include <stdio.h>

/* Images from the standard input, one after the other; a line of probabilities for each. */
int main(void)
{
    static NAME_pixel image[UPPER_INPUTS];
    float probabilities[UPPER_CLASSES];
    int i;
    while (fread(image, sizeof image, 1, stdin) == 1) {
        NAME_predict(image, probabilities);
        for (i = 0; i < UPPER_CLASSES; i++)
            printf("%s%.9g", i ? " " : "", (double)probabilities[i]);
        printf("\n");
    }
    return 0;
}
#endif
"#;
