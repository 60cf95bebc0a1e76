/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-look-leaves.h"

#define CONTOUR(name)                                   \
  {                                                     \
    ".contourConfig", name, "contourConfig", NULL, TRUE \
  }
#define VECTOR(name)                                                \
  {                                                                 \
    ".vectorOverlayConfig", name, "vectorOverlayConfig", NULL, TRUE \
  }

const AlmuLookLeaf almu_look_leaves[] = {
  { "", "zoomLevel" },
  { "", "center" },
  { ".regionSet.focusedRegion", "regionId", NULL, "selectedRegion", .is_new = TRUE },
  /* null for one that follows none */
  { ".spatialReference.frameInfo", "fileId", NULL, "spatialReference", .is_new = TRUE },
  { ".spectralReference.frameInfo", "fileId", NULL, "spectralReference", .is_new = TRUE },
  { ".rasterScalingReference.frameInfo", "fileId", NULL, "rasterScalingReference", .is_new = TRUE },
  { ".renderConfig", "scaling", "renderConfig" },
  { ".renderConfig", "colorMap", "renderConfig" },
  { ".renderConfig", "isInverted", "renderConfig" },
  { ".renderConfig", "bias", "renderConfig" },
  { ".renderConfig", "contrast", "renderConfig" },
  { ".renderConfig", "gamma", "renderConfig" },
  { ".renderConfig", "alpha", "renderConfig" },
  { ".renderConfig", "scaleMin", "renderConfig" },
  { ".renderConfig", "scaleMax", "renderConfig" },
  { ".renderConfig", "selectedPercentile", "renderConfig" },
  { ".renderConfig", "isVisible", "renderConfig" },
  { ".contourConfig", ALMU_LOOK_ENABLED, "contourConfig" },
  CONTOUR ("levels"),
  CONTOUR ("smoothingMode"),
  CONTOUR ("smoothingFactor"),
  CONTOUR ("color"),
  CONTOUR ("isColormapEnabled"),
  CONTOUR ("colormap"),
  CONTOUR ("colormapContrast"),
  CONTOUR ("colormapBias"),
  CONTOUR ("dashMode"),
  CONTOUR ("thickness"),
  CONTOUR ("isVisible"),
  { ".vectorOverlayConfig", ALMU_LOOK_ENABLED, "vectorOverlayConfig" },
  VECTOR ("angularSource"),
  VECTOR ("intensitySource"),
  VECTOR ("isFractionalIntensity"),
  VECTOR ("pixelAveraging"),
  VECTOR ("isThresholdEnabled"),
  VECTOR ("threshold"),
  VECTOR ("thresholdOption"),
  VECTOR ("isDebiasing"),
  VECTOR ("qError"),
  VECTOR ("uError"),
  VECTOR ("isVisible"),
  VECTOR ("thickness"),
  VECTOR ("isColormapEnabled"),
  VECTOR ("color"),
  VECTOR ("colormap"),
  VECTOR ("colormapContrast"),
  VECTOR ("colormapBias"),
  VECTOR ("lengthMin"),
  VECTOR ("lengthMax"),
  VECTOR ("intensityMin"),
  VECTOR ("intensityMax"),
  VECTOR ("rotationOffset"),
};

const guint almu_n_look_leaves = G_N_ELEMENTS (almu_look_leaves);
