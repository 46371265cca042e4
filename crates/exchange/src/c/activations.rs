//! The functions of the C file that compute activations, in place.

use super::parts::CPart;

/// Each stands below what it calls, which is in the other list.
pub(super) const ACTIVATIONS: [CPart; 8] = [
    CPart {
        name: "relu",
        needs: &[],
        code: r"static void relu(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        if (x[i] < 0.0f)
            x[i] = 0.0f;
}

",
    },
    CPart {
        name: "leaky_relu",
        needs: &[],
        code: r"static void leaky_relu(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        if (x[i] < 0.0f)
            x[i] *= 0.2f;
}

",
    },
    CPart {
        name: "elu",
        needs: &["exponential"],
        code: r"static void elu(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        if (x[i] < 0.0f)
            x[i] = (float)(exponential(x[i]) - 1.0);
}

",
    },
    CPart {
        name: "sigmoid",
        needs: &["exponential"],
        code: r"static void sigmoid(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        x[i] = (float)(1.0 / (1.0 + exponential(-(double)x[i])));
}

",
    },
    CPart {
        name: "hyperbolic_tangent",
        needs: &["exponential"],
        code: r"static void hyperbolic_tangent(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        x[i] = (float)(1.0 - 2.0 / (exponential(2.0 * x[i]) + 1.0));
}

",
    },
    CPart {
        name: "gelu",
        needs: &["exponential", "error_function"],
        code: r"static void gelu(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        x[i] = (float)(x[i] * 0.5 * (1.0 + error_function(x[i] * 0.7071067811865476)));
}

",
    },
    CPart {
        name: "silu",
        needs: &["exponential"],
        code: r"static void silu(float *x, int n)
{
    int i;
    for (i = 0; i < n; i++)
        x[i] = (float)(x[i] / (1.0 + exponential(-(double)x[i])));
}

",
    },
    CPart {
        name: "softmax",
        needs: &["exponential"],
        code: r"/* Over each row of `channels` values. */
static void softmax(float *x, int n, int channels)
{
    int i, k;
    for (i = 0; i < n; i += channels) {
        float most = x[i];
        double sum = 0.0;
        for (k = 1; k < channels; k++)
            if (x[i + k] > most)
                most = x[i + k];
        for (k = 0; k < channels; k++)
            sum += exponential((double)x[i + k] - most);
        for (k = 0; k < channels; k++)
            x[i + k] = (float)(exponential((double)x[i + k] - most) / sum);
    }
}

",
    },
];
